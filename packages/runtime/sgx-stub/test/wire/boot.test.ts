import assert from 'node:assert/strict';
import test from 'node:test';
import { refuses } from './refuses.ts';
import { encodeBootGo, parseBootGo, type BootGo } from '../../src/wire/index.ts';

const go: BootGo = {
  fastExit: true,
  exceptionInformation: true,
  threads: 3,
  stackBytes: 0x10000n,
  arenaBytes: 0x100000n,
  attributeFlags: 0x4n,
  xfrm: 0x7n,
};

test('the record that starts an enclave comes back as it was', () => {
  assert.equal(encodeBootGo(go).length, 64);
  assert.deepEqual(parseBootGo(encodeBootGo(go)), go);
  const plain = { ...go, fastExit: false, exceptionInformation: false };
  assert.deepEqual(parseBootGo(encodeBootGo(plain)), plain);
});

test('it lies as the stub reads it', () => {
  const view = Buffer.from(encodeBootGo(go));
  assert.equal(view.toString('latin1', 0, 8), 'ENCLOSGO');
  assert.deepEqual(
    [view.readUInt32LE(8), view.readUInt32LE(12), view.readUInt32LE(16), view.readUInt32LE(20)],
    [1, 3, 3, 0],
  );
  assert.deepEqual(
    [24, 32, 40, 48, 56].map((at) => view.readBigUInt64LE(at)),
    [0x10000n, 0x100000n, 4n, 7n, 0n],
  );
});

const outOfBounds: readonly (readonly [why: string, change: Partial<BootGo>])[] = [
  ['no thread', { threads: 0 }],
  ['65 threads', { threads: 65, arenaBytes: 0x1000000n }],
  ['half a thread', { threads: 1.5 }],
  ['no stack', { stackBytes: 0n }],
  ['a stack of half a page', { stackBytes: 2048n }],
  ['an arena of half a page more', { arenaBytes: 0x100800n }],
  ['an arena above 1 GiB', { arenaBytes: 2n ** 30n + 4096n }],
  ['an arena below the stacks', { arenaBytes: 0x20000n }],
];
for (const [why, change] of outOfBounds) {
  test(`refuses ${why}`, () => refuses(() => encodeBootGo({ ...go, ...change })));
}

const changed: readonly (readonly [why: string, change: (bytes: Buffer) => Uint8Array])[] = [
  ['another length', (bytes) => bytes.subarray(0, 63)],
  ['another tag', (bytes) => Buffer.concat([Buffer.from('F'), bytes.subarray(1)])],
  ['another version', (bytes) => (bytes.writeUInt32LE(2, 8), bytes)],
  ['an unknown flag', (bytes) => (bytes.writeUInt32LE(4, 12), bytes)],
  ['a reserved word', (bytes) => (bytes.writeUInt32LE(1, 20), bytes)],
  ['a reserved end', (bytes) => (bytes.writeUInt32LE(1, 60), bytes)],
  ['threads out of bounds', (bytes) => (bytes.writeUInt32LE(0, 16), bytes)],
];
for (const [why, change] of changed) {
  test(`refuses bytes with ${why}`, () => refuses(() => parseBootGo(change(Buffer.from(encodeBootGo(go))))));
}
