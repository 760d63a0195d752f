import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { generateSigningKey, signSigstruct } from '@enclos/sgx/node';
import { enclu, intelSection, makeElf, openEnclaveSection } from '@enclos/sgx-image-kit';
import { sigstructFields } from '@enclos/testkit';
import fc from 'fast-check';

import { openEnclaveImage, recogniseEnclaveFile } from '../src/index.ts';
import { readerOf } from './images.ts';

const sigstruct = signSigstruct(sigstructFields(), generateSigningKey());

const intel = makeElf({ sections: [intelSection([{ sigstruct }, { major: 1, minor: 4, sigstruct }])] });
const openEnclave = makeElf({ sections: [openEnclaveSection(sigstruct)] });
const simulated = makeElf({ sections: [intelSection([{ sigstruct }])], code: new Uint8Array(64), data: enclu });

function codeOf(bytes: Uint8Array): string | undefined {
  try {
    openEnclaveImage(readerOf(bytes), bytes.length);
    return undefined;
  } catch (error) {
    return isEnclosError(error) ? error.code : 'another error';
  }
}

test('files that cannot be opened are refused, each with its own code', () => {
  assert.equal(codeOf(simulated), 'ENCLAVE_FILE_SIMULATED');
  assert.equal(codeOf(makeElf({ sections: [intelSection([])] })), 'ENCLAVE_FILE_NOT_SIGNED');
  assert.equal(codeOf(makeElf({ sections: [intelSection([{ major: 13, minor: 1 }])] })), 'ENCLAVE_FILE_ZERO_BASE');
  assert.equal(codeOf(makeElf({ sections: [intelSection([{ major: 4 }])] })), 'ENCLAVE_FILE_INVALID');
  assert.equal(codeOf(makeElf({ sections: [{ name: '.text', content: enclu }] })), 'ENCLAVE_FILE_INVALID');
  assert.equal(codeOf(openEnclave), 'ENCLAVE_FILE_INVALID');
  assert.equal(codeOf(new Uint8Array(64)), 'SGXS_INVALID');
});

test('an enclave is recognised with its metadata, and an ELF file without one is none', () => {
  const file = recogniseEnclaveFile(readerOf(intel), intel.length);
  assert.deepEqual(
    file?.metadata.map(({ version }) => version),
    ['2.4', '1.4'],
  );
  assert.deepEqual([file?.sdk, file?.simulated], ['intel', false]);
  assert.deepEqual(file?.metadata[0]?.signature, sigstruct);
  assert.equal(recogniseEnclaveFile(readerOf(openEnclave), openEnclave.length)?.sdk, 'open-enclave');
  const other = makeElf({ sections: [{ name: '.oeinf', content: enclu }] });
  assert.equal(recogniseEnclaveFile(readerOf(other), other.length), undefined);
});

test('ENCLU counts in code only, wherever it is in it', () => {
  const isSimulated = (code: Uint8Array): boolean | undefined => {
    const bytes = makeElf({ sections: [openEnclaveSection()], code });
    return recogniseEnclaveFile(readerOf(bytes), bytes.length)?.simulated;
  };
  const at = (place: number): Uint8Array => {
    const code = new Uint8Array(1024 * 1024 + 8);
    code.set([0x0f, 0x01, 0xd7], place);
    return code;
  };
  for (const place of [0, 1024 * 1024 - 2, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 5]) {
    assert.equal(isSimulated(at(place)), false, String(place));
  }
  assert.equal(isSimulated(Uint8Array.of(0x0f, 0x0f, 0x01, 0xd7)), false);
  assert.equal(isSimulated(Uint8Array.of(0x0f, 0x01, 0xd6, 0x0f, 0x01)), true);
});

const u16 = (at: number, value: number) => (view: DataView) => view.setUint16(at, value, true);
const broken: readonly (readonly [what: string, bytes: Uint8Array, reason: RegExp])[] = [
  ['two of the sections', makeElf({ sections: [openEnclaveSection(), openEnclaveSection()] }), /several/],
  ['sections of both SDKs', makeElf({ sections: [intelSection([{}]), openEnclaveSection()] }), /several/],
  ['a note of another name', makeElf({ sections: [intelSection([{}], 'sgx_metadatb\0')] }), /another name/],
  ['a note that is cut off', makeElf({ sections: [cut(intelSection([{}]), 20)] }), /another name/],
  ['a note longer than its section', makeElf({ sections: [cut(intelSection([{}]), 1900)] }), /out of bounds/],
  ['metadata of no size', makeElf({ sections: [intelSection([{ sizeBytes: 0 }])] }), /out of bounds/],
  ['metadata longer than the note', makeElf({ sections: [intelSection([{ sizeBytes: 5000 }])] }), /out of bounds/],
  ['no metadata', makeElf({ sections: [last(intelSection([]), 1)] }), /do not begin/],
  ['an empty note', makeElf({ sections: [emptied(intelSection([{}]))] }), /do not begin/],
  ['too many metadata', makeElf({ sections: [intelSection(Array.from({ length: 17 }, () => ({})))] }), /more than 16/],
  ['a section of a gigabyte', makeElf({ sections: [longer(intelSection([{}]))] }), /out of bounds/],
  ['properties that are cut off', makeElf({ sections: [cut(openEnclaveSection(), 1959)] }), /cut off/],
  ['properties of another layout', makeElf({ sections: [openEnclaveSection(sigstruct, 1880)] }), /layout/],
  ['a code segment twice', makeElf({ sections: [openEnclaveSection()], segments: twice }), /overlap/],
  ['a segment beyond the file', makeElf({ sections: [openEnclaveSection()], segments: beyond }), /too early/],
  ['program headers of another size', makeElf({ sections: [openEnclaveSection()], header: u16(54, 64) }), /headers/],
];

function cut<T extends { readonly content: Uint8Array }>(section: T, sizeBytes: number): T {
  return { ...section, content: section.content.slice(0, sizeBytes) };
}

function last<T extends { readonly content: Uint8Array }>(section: T, value: number): T {
  return { ...section, content: section.content.with(section.content.length - 1, value) };
}

/** The note says that it has no description. */
function emptied<T extends { readonly content: Uint8Array }>(section: T): T {
  const content = section.content.slice();
  content.fill(0, 4, 8);
  return { ...section, content };
}

function longer<T extends { readonly content: Uint8Array }>(section: T): T {
  const content = new Uint8Array(1024 * 1024 + 1);
  content.set(section.content);
  return { ...section, content };
}

/** Both segments executable, each as large as the whole file. */
function twice(view: DataView): void {
  for (const at of [0, 56]) {
    view.setUint32(at + 4, 5, true);
    view.setBigUint64(at + 8, 0n, true);
    view.setBigUint64(at + 32, 2000n, true);
  }
}

function beyond(view: DataView): void {
  view.setBigUint64(8, 2n ** 40n, true);
}

for (const [what, bytes, reason] of broken) {
  test(`an enclave file with ${what} is refused`, () => {
    assert.throws(() => recogniseEnclaveFile(readerOf(bytes), bytes.length), {
      code: 'ENCLAVE_FILE_INVALID',
      message: reason,
    });
  });
}

test('whatever is changed in an enclave file, recognising and opening it gives an enclave or an error of ours', () => {
  const change = fc.tuple(fc.nat(), fc.nat(255));
  fc.assert(
    fc.property(
      fc.constantFrom(intel, openEnclave, simulated),
      fc.array(change, { maxLength: 12 }),
      fc.nat(),
      (good, changes, end) => {
        const bytes = good.slice(0, changes.length % 3 === 0 ? good.length - (end % good.length) : good.length);
        // The structures are at both ends; what lies between is read as it is.
        for (const [at, value] of changes) bytes[(at % 400) + (at % 2 === 0 ? 0 : bytes.length - 400)] = value;
        assert.notEqual(codeOf(bytes), 'another error');
      },
    ),
    { numRuns: 2000 },
  );
});
