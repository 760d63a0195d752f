import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { mrSignerOf, parseSigstruct } from '@enclos/sgx';
import { generateSigningKey, sha256, signSigstruct } from '@enclos/sgx/node';
import {
  enclu,
  intelEnclave,
  intelSection,
  makeElf,
  openEnclave as assembleOpenEnclave,
  openEnclaveSection,
} from '@enclos/sgx-image-kit';
import { nativeTest, sigstructFields } from '@enclos/testkit';
import { inspect, inspectFile, type InspectNode } from '../../src/inspect/index.ts';

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
  }
  const damaged = inspect(makeElf({ sections: [intelSection([{ sigstruct: sigstruct.with(0, 7) }])] }));
  assert.equal(valueOf(damaged.nodes, 'SIGSTRUCT'), 'DAMAGED');
  const forged = inspect(makeElf({ sections: [intelSection([{ sigstruct: sigstruct.with(960, 9) }])] }));
  assert.equal(valueOf(forged.nodes, 'signature'), 'DOES NOT HOLD');
});

test('an ELF file without an enclave is still no more than that', () => {
  for (const bytes of [makeElf({ sections: [] }), makeElf({ sections: [{ name: '.oeinf', content: enclu }] })]) {
    assert.throws(() => inspect(bytes), { code: 'BUILD_FILE_UNRECOGNISED', message: /an ELF file/ });
  }
});

nativeTest('an enclave file is measured, and its layout shown', () => {
  const key = generateSigningKey();
  for (const made of [intelEnclave({ key, threads: 3 }), assembleOpenEnclave({ key, threads: 3 })]) {
    const { nodes } = inspect(made.signed);
    for (const [label, value] of [
      ['measured', 'yes'],
      ['MRENCLAVE', toHex(made.mrEnclave)],
      ['threads', '3'],
      ['heap', '65,536 bytes'],
      ['stack', '65,536 bytes'],
      ['size of the enclave', '1,048,576 bytes'],
      ['signature', 'holds'],
    ] as const) {
      assert.equal(valueOf(nodes, label), value, label);
    }
    const other = made.signed.slice();
    other[0x1000] = (other[0x1000] ?? 0) ^ 1;
    assert.equal(valueOf(inspect(other).nodes, 'measured'), 'DIFFERS');
    assert.equal(valueOf(inspect(made.elf).nodes, 'SIGSTRUCT'), 'none');
    assert.equal(valueOf(inspect(made.elf).nodes, 'measured'), 'yes');
  }
});
