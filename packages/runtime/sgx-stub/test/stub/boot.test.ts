import assert from 'node:assert/strict';
import { concatBytes } from '@enclos/codec';
import { encodeBootGo, StubExit, type BootGo } from '../../src/wire/index.ts';
import { stubTest, stubWith } from './builds.ts';
import {
  Command,
  created,
  layout,
  page,
  PAGE,
  record,
  tcsContent,
  testEnclave,
  type EnclaveOptions,
  type TcsFields,
} from './enclave.ts';
import { bootEnd, goOf, withStub } from './process.ts';

const rangeBytes = BigInt(layout.enclaveBytes);
const rw = 0x203n;
const chunkOf = (tag: string, offset: bigint): Uint8Array => record(tag, [offset], new Uint8Array(256));

async function endsWith(code: number, bytes: Uint8Array, close = false): Promise<void> {
  assert.deepEqual(await bootEnd(await stubWith(), bytes, close), { code, signal: null });
}

const refused: readonly (readonly [why: string, ...records: Uint8Array[]])[] = [
  ['a stream without ECREATE', page(0, rw)],
  ['an unknown record', created(rangeBytes), record('EOTHER', [])],
  ['a second ECREATE', created(rangeBytes), created(rangeBytes)],
  ['a size that is no power of two', created(0x3000n)],
  ['a size of one page', created(0x1000n)],
  ['a size above 64 GiB', created(2n ** 37n)],
  ['frames of no page', created(rangeBytes, 0)],
  ['frames of 65 pages', created(rangeBytes, 65)],
  ['a page that is not on a boundary', created(rangeBytes), record('EADD', [1n, rw])],
  ['a page behind the range', created(rangeBytes), record('EADD', [rangeBytes, rw])],
  ['a page far behind the range', created(rangeBytes), record('EADD', [2n ** 63n, rw])],
  ['a page twice', created(rangeBytes), page(0, rw), page(PAGE, rw), page(0, rw)],
  ['a page of an unknown type', created(rangeBytes), page(0, 0x303n)],
  ['a page that is written and not read', created(rangeBytes), page(0, 0x202n)],
  ['a TCS with permissions', created(rangeBytes), page(0, 0x101n)],
  ['unknown flags', created(rangeBytes), page(0, 0x80_0203n)],
  ['a chunk before any page', created(rangeBytes), chunkOf('EEXTEND', 0n)],
  ['a chunk of another page', created(rangeBytes), page(0, rw), page(PAGE, rw), chunkOf('UNMEASRD', 0n)],
  ['a chunk behind its page', created(rangeBytes), page(0, rw), chunkOf('UNMEASRD', 4096n)],
  ['a chunk between two', created(rangeBytes), page(0, rw), chunkOf('EEXTEND', 128n)],
  ['a chunk twice', created(rangeBytes), page(0, rw), chunkOf('EEXTEND', 256n), chunkOf('UNMEASRD', 256n)],
  ['a reserved word of ECREATE', created(rangeBytes).with(60, 1)],
  ['a reserved word of EADD', created(rangeBytes), page(0, rw).with(24, 1)],
  ['a reserved word of a chunk', created(rangeBytes), page(0, rw), chunkOf('EEXTEND', 0n).with(16, 1)],
  ['a start without pages', created(rangeBytes), encodeBootGo(goOf(1))],
];
for (const [why, ...records] of refused) {
  stubTest(`refuses ${why}`, () => endsWith(StubExit.BOOT_REFUSED, concatBytes(...records)));
}

const go = (change: Partial<BootGo> = {}): Uint8Array => encodeBootGo(goOf(1, change));
const refusedStarts: readonly (readonly [why: string, go: Uint8Array])[] = [
  ['another version', go().with(8, 2)],
  ['unknown flags', go().with(12, 4)],
  ['no thread', go().with(16, 0)],
  ['more threads than TCS pages', go({ threads: 2, arenaBytes: 0x400000n })],
  ['a reserved word', go().with(20, 1)],
  ['a reserved end', go().with(56, 1)],
  ['no stack', go().with(24, 0).with(26, 0)],
  ['half a page of stack', go().with(25, 8)],
  ['a stack above 1 GiB', go().with(31, 1)],
  ['half a page of arena', go().with(33, 8)],
  ['an arena above 1 GiB', go().with(39, 1)],
  ['an arena below the stacks', go().with(26, 0xff)],
  ['something behind it', concatBytes(go(), Uint8Array.of(1))],
];
for (const [why, bytes] of refusedStarts) {
  stubTest(`refuses a start with ${why}`, async () =>
    endsWith(StubExit.BOOT_REFUSED, concatBytes(await testEnclave(), bytes)),
  );
}

const refusedTcs: readonly (readonly [why: string, tcs: Partial<TcsFields>])[] = [
  ['frames in use', { cssa: 1 }],
  ['no frame', { frames: 0 }],
  ['frames beyond the range', { frames: 0xffff_ffff }],
  ['a frame that is not there', { frames: 4 }],
  ['a frame between pages', { ssa: layout.tcs + PAGE + 8 }],
  ['a frame that cannot be written', { ssa: layout.readOnly, frames: 1 }],
  ['a frame in its own page', { ssa: layout.tcs, frames: 1 }],
  ['an entry outside', { entry: layout.enclaveBytes }],
  ['FS outside', { fs: layout.enclaveBytes }],
  ['FS between pages', { fs: 8 }],
  ['GS outside', { gs: layout.enclaveBytes }],
  ['GS between pages', { gs: 8 }],
];
for (const [why, tcs] of refusedTcs) {
  stubTest(`refuses a TCS with ${why}`, async () =>
    endsWith(StubExit.BOOT_REFUSED, concatBytes(await testEnclave({ tcs }), go())),
  );
}

stubTest('ends when the stream ends early', async () => {
  const whole = await testEnclave();
  for (const length of [0, 1, 64, 100, whole.length]) {
    await endsWith(StubExit.BOOT_REFUSED, whole.subarray(0, length), true);
  }
});

const accepted: readonly (readonly [why: string, enclave: EnclaveOptions])[] = [
  ['the smallest frames', { frameSize: 1 }],
  ['pages in any order', { more: [page(0xd000, rw), page(0xc000, rw), page(0xe000, rw)] }],
  [
    'a page that is measured in part',
    { more: [page(0xd000, rw), chunkOf('EEXTEND', 0xd200n), chunkOf('UNMEASRD', 0xd100n)] },
  ],
  ['a range of 64 GiB', { sizeBytes: 2 ** 36, more: [page(2 ** 36 - PAGE, rw)] }],
  ['a range of 1 GiB', { sizeBytes: 2 ** 30, more: [page(2 ** 30 - PAGE, rw)] }],
  ['a second TCS that is not used', { more: [page(0xd000, 0x100n, tcsContent({ ssa: 1, fs: 1 }))] }],
];
for (const [why, enclave] of accepted) {
  stubTest(`runs an enclave with ${why}`, () =>
    withStub({ enclave, go: { threads: 1 } }, async (gate) => {
      assert.equal((await gate.send({ rdi: Command.next, rsi: 1n })).rdi, 2n);
    }),
  );
}

stubTest('takes a stream in pieces of any size', async () => {
  const whole = await testEnclave();
  for (const size of [61, 319, 4097]) {
    const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
      whole.subarray(i * size, (i + 1) * size),
    );
    await withStub({ stream: pieces }, async (gate) => {
      assert.equal((await gate.send({ rdi: Command.next, rsi: 1n })).rdi, 2n);
    });
  }
});

stubTest('runs an enclave whose range has 17 pages left, as the launch enclave of Intel has', () => {
  const taken = Array.from({ length: 0xef - 0x30 }, (_, i) => page(0x30000 + i * PAGE, rw));
  return withStub({ enclave: { more: taken } }, async (gate) => {
    assert.equal((await gate.send({ rdi: Command.next, rsi: 1n })).rdi, 2n);
  });
});

stubTest('ends when the range has no place for its memory', async () => {
  const taken = Array.from({ length: (layout.enclaveBytes - 0x30000) / PAGE }, (_, i) => page(0x30000 + i * PAGE, rw));
  await endsWith(StubExit.NO_HOLE, concatBytes(await testEnclave({ more: taken }), go()));
});
