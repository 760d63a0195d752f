import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { mrSignerOf, parseSigstruct } from '@enclos/sgx';
import { generateSigningKey, sha256, signSigstruct } from '@enclos/sgx/node';
import { sigstructFields } from '@enclos/testkit';
import fc from 'fast-check';
import { readSections } from '../../src/elf/elf-sections.ts';
import { refuseEnclaveFile } from '../../src/inspect/enclave-elf.ts';
import { readEnclaveFile } from '../../src/inspect/enclave-file.ts';
import { inspect, inspectFile, type InspectNode } from '../../src/inspect/index.ts';
import { enclu, intelSection, makeElf, openEnclaveSection } from './enclave-elf.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-enclave-file-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const mrEnclave = '07'.repeat(32);
const sigstruct = signSigstruct(
  sigstructFields({ enclaveHash: new Uint8Array(32).fill(7), isvProdId: 5, isvSvn: 6 }),
  generateSigningKey(),
);
const mrSigner = toHex(mrSignerOf(parseSigstruct(sigstruct).modulus, sha256));

function valueOf(nodes: readonly InspectNode[], label: string): string | undefined {
  for (const node of nodes) {
    const found = node.label === label ? node.value : valueOf(node.children ?? [], label);
    if (found !== undefined) return found;
  }
  return undefined;
}

const intel = makeElf({ sections: [intelSection([{ sigstruct }, { major: 1, minor: 4, sigstruct }])] });
const openEnclave = makeElf({ sections: [openEnclaveSection(sigstruct)] });
const simulated = makeElf({ sections: [intelSection([{ sigstruct }])], code: new Uint8Array(64), data: enclu });

test('an enclave file of either SDK is named, and its SIGSTRUCT shown', async () => {
  for (const [bytes, title, metadata] of [
    [intel, 'Enclave file of Intel’s SGX SDK', ['metadata 2.4', 'metadata 1.4']],
    [openEnclave, 'Enclave file of Open Enclave', ['properties']],
  ] as const) {
    const file = join(folder, 'enclave.signed.so');
    writeFileSync(file, bytes);
    const report = inspect(bytes);
    assert.deepEqual(await inspectFile(file), report);
    assert.deepEqual([report.kind, report.title], ['enclave-elf', title]);
    assert.deepEqual(
      report.nodes.map(({ label }) => label),
      ['build', 'measured', ...metadata],
    );
    const wanted = { MRENCLAVE: mrEnclave, MRSIGNER: mrSigner, signature: 'holds', 'product id': '5', measured: 'no' };
    for (const [label, value] of Object.entries(wanted)) assert.equal(valueOf(report.nodes, label), value);
  }
});

test('a simulation build is named as such: ENCLU in data does not count', () => {
  const report = inspect(simulated);
  assert.match(report.title, /SIMULATION build$/);
  assert.equal(valueOf(report.nodes, 'build'), 'SIMULATION');
});

test('a signature that is missing or damaged is said, and ends nothing', () => {
  // What linkers make, before the signer of either SDK writes into it.
  for (const [section, label] of [
    [openEnclaveSection(), 'properties'],
    [intelSection([]), 'metadata'],
  ] as const) {
    const bytes = makeElf({ sections: [section] });
    const unsigned = inspect(bytes);
    assert.equal(valueOf(unsigned.nodes, 'SIGSTRUCT'), 'none');
    assert.equal(unsigned.nodes.at(-1)?.label, label);
    assert.throws(() => refuseEnclaveFile(bytes), { code: 'ENCLAVE_FILE_NOT_MEASURED' });
  }
  const damaged = inspect(makeElf({ sections: [intelSection([{ sigstruct: sigstruct.with(0, 7) }])] }));
  assert.equal(valueOf(damaged.nodes, 'SIGSTRUCT'), 'DAMAGED');
  const forged = inspect(makeElf({ sections: [intelSection([{ sigstruct: sigstruct.with(960, 9) }])] }));
  assert.equal(valueOf(forged.nodes, 'signature'), 'DOES NOT HOLD');
});

test('what cannot be measured is refused, each with its own code', () => {
  const codeOf = (bytes: Uint8Array): string | undefined => {
    try {
      refuseEnclaveFile(bytes);
      return undefined;
    } catch (error) {
      return isEnclosError(error) ? error.code : 'another error';
    }
  };
  assert.equal(codeOf(intel), 'ENCLAVE_FILE_NOT_MEASURED');
  assert.equal(codeOf(openEnclave), 'ENCLAVE_FILE_NOT_MEASURED');
  assert.equal(codeOf(simulated), 'ENCLAVE_FILE_SIMULATED');
  assert.equal(codeOf(makeElf({ sections: [{ name: '.text', content: enclu }] })), undefined);
});

test('an ELF file without an enclave is still no more than that', () => {
  for (const bytes of [makeElf({ sections: [] }), makeElf({ sections: [{ name: '.oeinf', content: enclu }] })]) {
    assert.throws(() => inspect(bytes), { code: 'BUILD_FILE_UNRECOGNISED', message: /an ELF file/ });
  }
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
    for (const work of [inspect, refuseEnclaveFile]) {
      assert.throws(() => work(bytes), { code: 'ENCLAVE_FILE_INVALID', message: reason });
    }
  });
}

test('section tables are bounded before they are read', () => {
  const countingRead = (bytes: Uint8Array) => {
    const asked: number[] = [];
    const read = (offset: number, length: number): Uint8Array => {
      asked.push(length);
      return bytes.subarray(offset, offset + length);
    };
    return { asked, read };
  };
  for (const [at, value] of [
    [58, 63],
    [60, 1025],
    [62, 65_535],
  ] as const) {
    const { asked, read } = countingRead(makeElf({ sections: [openEnclaveSection()], header: u16(at, value) }));
    assert.throws(() => readSections(read), RangeError);
    assert.deepEqual(asked, [64], 'nothing but the header was read');
  }
  const { asked, read } = countingRead(openEnclave);
  assert.ok(readSections(read).some(({ name }) => name === '.oeinfo'));
  assert.ok(asked.length === 3 && asked.every((length) => length <= 1024 * 1024));
});

test('whatever is changed in an enclave file, reading it gives a report or an error of ours', () => {
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
        try {
          readEnclaveFile(bytes);
        } catch (error) {
          assert.ok(isEnclosError(error, 'ENCLAVE_FILE_INVALID'), String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
