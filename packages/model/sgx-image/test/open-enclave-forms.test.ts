import assert from 'node:assert/strict';
import { test } from 'node:test';

import { enclu, makeElf, openEnclaveSection } from '@enclos/sgx-image-kit';

import { openSdkImage, recogniseEnclaveFile } from '../src/index.ts';
import { readerOf } from './images.ts';
import {
  filledSymbols,
  openEnclaveFile,
  relocationSection,
  symbolSections,
  type OpenEnclaveParts,
} from './open-enclave-file.ts';

function open(parts: OpenEnclaveParts = {}) {
  const bytes = openEnclaveFile(parts);
  return openSdkImage(readerOf(bytes), bytes.length);
}

/** A table that is as long as one page holds, so that all of it is in the image that is loaded. */
const contentOf = (parts: OpenEnclaveParts): Uint8Array =>
  new Uint8Array(
    Buffer.concat([...open(parts).pages()].slice(0, 2).map(({ content }) => content ?? new Uint8Array(4096))),
  );

test('the loader’s numbers are written where the symbols are', () => {
  const view = new DataView(contentOf({}).buffer);
  const imageBytes = 4096n;
  assert.equal(view.getBigUint64(104, true), 104n);
  assert.equal(view.getBigUint64(112, true), imageBytes);
  assert.equal(view.getBigUint64(120, true), 4096n);
  assert.equal(view.getBigUint64(128, true), 4n * 4096n);
  // The relocation of a variable of threads has the value of its symbol.
  assert.equal(view.getBigUint64(4096 + 24 + 16, true), 104n);
});

test('variables of threads take pages, and the loader says where they are', () => {
  const symbols = { ...filledSymbols, _tdata_size: 136, _tbss_align: 144 };
  const sections = [
    { name: '.tdata', content: new Uint8Array(5), align: 16 },
    { name: '.tbss', content: new Uint8Array(4096), align: 64 },
  ];
  // PT_TLS, which the second program header of the file becomes.
  const segments = (view: DataView): void => {
    view.setUint32(56, 7, true);
    view.setBigUint64(56 + 32, 5n, true);
  };
  const parts = { symbols, sections, segments };
  const view = new DataView(contentOf(parts).buffer);
  assert.equal(view.getBigUint64(128, true), 6n * 4096n, 'two pages of variables');
  assert.equal(view.getBigUint64(136, true), 5n);
  assert.equal(view.getBigUint64(144, true), 64n);
  const refused = { code: 'ENCLAVE_FILE_INVALID' };
  const otherSize = (table: DataView): void => {
    segments(table);
    table.setBigUint64(56 + 32, 6n, true);
  };
  assert.throws(() => open({ ...parts, segments: otherSize }), { ...refused, message: /differ/ });
  for (const align of [0, 8192]) {
    const wrong = [{ name: '.tbss', content: new Uint8Array(8), align }];
    assert.throws(() => open({ sections: wrong }), { ...refused, message: /alignment/ });
  }
});

test('an image is refused that its loader refuses', () => {
  for (const [what, parts, message] of [
    ['a relocation of another type', { relocations: relocationSection([[5, 0]]) }, /type 5/],
    [
      'a variable of threads that is not there',
      { relocations: relocationSection([[18, 99]]) },
      /symbol that is not there/,
    ],
    [
      'relocations of another size',
      { relocations: { ...relocationSection([[8, 0]]), entryBytes: 16 } },
      /another size/,
    ],
    ['no place for the relocations', { symbols: { _enclave_rva: 104, _reloc_size: 120 } }, /lacks symbols/],
    ['no place for itself', { symbols: { _reloc_rva: 104, _reloc_size: 120 } }, /lacks symbols/],
    [
      'a symbol behind the image',
      { symbols: { ...filledSymbols, _reloc_rva: 4090 } },
      /_reloc_rva is not in the image/,
    ],
    ['a program', { header: (view: DataView) => view.setUint16(16, 2, true) }, /shared object/],
    ['another processor', { header: (view: DataView) => view.setUint16(18, 183, true) }, /x86-64/],
  ] as const) {
    assert.throws(() => open(parts), { code: 'ENCLAVE_FILE_INVALID', message }, what);
  }
});

test('an image that is not loaded from 0 is refused', () => {
  const segments = (view: DataView): void => {
    for (const at of [8, 16]) view.setBigUint64(at, 16n, true);
    for (const at of [32, 40]) view.setBigUint64(at, view.getBigUint64(at, true) - 16n, true);
  };
  assert.throws(() => open({ segments }), { code: 'ENCLAVE_FILE_INVALID', message: /address 0/ });
});

test('properties that are loaded from another place than the signer writes to are refused', () => {
  const moved = (view: DataView): void => view.setBigUint64(8, 1n, true);
  const shorter = (view: DataView): void => {
    moved(view);
    view.setBigUint64(32, view.getBigUint64(32, true) - 1n, true);
  };
  assert.throws(() => open({ segments: shorter }), { code: 'ENCLAVE_FILE_INVALID', message: /not loaded from/ });
});

test('an image that needs a module is refused', () => {
  const words = BigUint64Array.from([1n, 5n, 0n, 0n]);
  const code = new Uint8Array([...new Uint8Array(words.buffer), ...enclu]);
  const segments = (view: DataView): void => {
    view.setUint32(56, 2, true);
    view.setBigUint64(56 + 8, 176n, true);
    view.setBigUint64(56 + 32, 32n, true);
  };
  assert.throws(() => open({ code, segments }), { code: 'ENCLAVE_FILE_INVALID', message: /DT_NEEDED/ });
});

test('what Intel’s SDK links into simulation builds only makes one, also where ENCLU is found', () => {
  const isSimulated = (symbols: Readonly<Record<string, number>>): boolean | undefined => {
    const bytes = makeElf({ sections: [openEnclaveSection(), ...symbolSections(symbols)] });
    return recogniseEnclaveFile(readerOf(bytes), bytes.length)?.simulated;
  };
  assert.equal(isSimulated({ g_global_data: 8, g_global_data_sim: 8 }), true);
  assert.equal(isSimulated({ g_global_data: 8 }), false);
});
