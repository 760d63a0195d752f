import assert from 'node:assert/strict';
import {
  AnswerKind,
  LeafStatus,
  PlatformLeaf,
  StubExit,
  type PlatformAnswer,
  type PlatformRequest,
} from '../../src/wire/index.ts';
import { stubTest } from './builds.ts';
import { Command, layout } from './enclave.ts';
import { withStub, type TestGate } from './process.ts';

const at = (gate: TestGate, offset: number): bigint => gate.hello.enclaveBase + BigInt(offset);
const none = new Uint8Array(0);
const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const { data } = layout;

/** Puts bytes into the enclave, at an offset. */
async function put(gate: TestGate, offset: number, content: Uint8Array): Promise<void> {
  const heap = gate.heap();
  const copy = { rdi: Command.copy, rsi: heap, rdx: at(gate, offset), r8: BigInt(content.length) };
  await gate.send({ ...copy, writes: [{ address: heap, content }] });
}

async function get(gate: TestGate, offset: number, length: number): Promise<readonly number[]> {
  const heap = gate.heap();
  const copy = { rdi: Command.copy, rsi: at(gate, offset), rdx: heap, r8: BigInt(length) };
  const { reads } = await gate.send({ ...copy, reads: [{ address: heap, bytes: length }] });
  return [...(reads[0] ?? [])];
}

stubTest('EREPORT asks the platform, and gives the enclave what it answers', async () => {
  const asked: PlatformRequest[] = [];
  const report = Uint8Array.from({ length: 432 }, (_, i) => i % 251);
  const platform = (request: PlatformRequest): PlatformAnswer => {
    asked.push(request);
    return { status: LeafStatus.SUCCESS, result: report };
  };
  await withStub({ platform }, async (gate) => {
    await put(gate, data, bytes(512, 1));
    await put(gate, data + 512, bytes(64, 2));
    const command = { rdi: Command.report, rsi: at(gate, data), rdx: at(gate, data + 512), r8: at(gate, data + 1024) };
    assert.equal((await gate.send(command)).kind, AnswerKind.EXIT);
    assert.deepEqual(await get(gate, data + 1024, 433), [...report, 0]);
  });
  assert.deepEqual(asked, [{ leaf: PlatformLeaf.EREPORT, targetInfo: bytes(512, 1), reportData: bytes(64, 2) }]);
});

stubTest('EGETKEY gives a key, with RAX and ZF', async () => {
  const platform = (request: PlatformRequest): PlatformAnswer => {
    assert.deepEqual(request, { leaf: PlatformLeaf.EGETKEY, keyRequest: bytes(512, 3) });
    return { status: LeafStatus.SUCCESS, result: bytes(16, 9) };
  };
  await withStub({ platform }, async (gate) => {
    await put(gate, data, bytes(512, 3));
    const answer = await gate.send({ rdi: Command.key, rsi: at(gate, data), rdx: at(gate, data + 528) });
    assert.deepEqual([answer.rdi, answer.rsi], [0n, 0n]);
    assert.deepEqual(await get(gate, data + 528, 17), [...bytes(16, 9), 0]);
  });
});

for (const status of [LeafStatus.INVALID_ATTRIBUTE, LeafStatus.INVALID_CPUSVN, LeafStatus.INVALID_KEYNAME]) {
  stubTest(`EGETKEY says error ${status}, and leaves the output alone`, () =>
    withStub({ platform: () => ({ status, result: none }) }, async (gate) => {
      const answer = await gate.send({ rdi: Command.key, rsi: at(gate, data), rdx: at(gate, data + 512) });
      assert.deepEqual([answer.kind, answer.rdi, answer.rsi], [AnswerKind.EXIT, BigInt(status), 1n]);
      assert.deepEqual(await get(gate, data + 512, 16), [...bytes(16, 0)]);
    }),
  );
}

const operands: readonly (readonly [why: string, vector: number, change: (gate: TestGate) => object])[] = [
  ['a target that is not aligned', 13, (gate) => ({ rsi: at(gate, data + 256) })],
  ['data that are not aligned', 13, (gate) => ({ rdx: at(gate, data + 64) })],
  ['an output that is not aligned', 13, (gate) => ({ r8: at(gate, data + 1040) })],
  ['a target in the arena', 13, (gate) => ({ rsi: gate.heap() })],
  ['an output in the arena', 13, (gate) => ({ r8: gate.heap() })],
  ['an output before the range', 13, (gate) => ({ r8: at(gate, -512) })],
  ['an output behind the range', 13, (gate) => ({ r8: at(gate, layout.enclaveBytes) })],
  ['an output of no address', 13, () => ({ r8: 2n ** 64n - 512n })],
  ['an output that cannot be written', 14, (gate) => ({ r8: at(gate, layout.readOnly) })],
  ['an output in a TCS', 14, (gate) => ({ r8: at(gate, layout.tcs) })],
  ['a target that is not there', 14, (gate) => ({ rsi: at(gate, layout.enclaveBytes / 2) })],
  ['an output in the memory of the stub', 14, (gate) => ({ r8: at(gate, layout.enclaveBytes - 0x40000) })],
];
for (const [why, vector, change] of operands) {
  stubTest(`EREPORT with ${why} is a fault in the enclave, and asks nobody`, () =>
    withStub({ platform: () => assert.fail('was asked') }, async (gate) => {
      const good = { rsi: at(gate, data), rdx: at(gate, data + 512), r8: at(gate, data + 1024) };
      const answer = await gate.send({ rdi: Command.report, ...good, ...change(gate) });
      assert.deepEqual([answer.kind, answer.reason], [AnswerKind.EXCEPTION, vector]);
    }),
  );
}

for (const command of [Command.report, Command.key]) {
  stubTest(`what the platform calls a fault is one, for command ${command}`, () =>
    withStub({}, async (gate) => {
      const good = { rsi: at(gate, data), rdx: at(gate, data + 512), r8: at(gate, data + 1024) };
      const answer = await gate.send({ rdi: command, ...good });
      assert.deepEqual([answer.kind, answer.reason, answer.cssa], [AnswerKind.EXCEPTION, 13, 1]);
    }),
  );
}

// EENTER, ERESUME, EACCEPT, EMODPE, EACCEPTCOPY, EVERIFYREPORT2, EDECCSSA, and numbers of nothing.
for (const leaf of [2, 3, 5, 6, 7, 8, 9, 10, 0x7fff_ffff]) {
  stubTest(`leaf ${leaf} answers as a processor without it`, () =>
    withStub({}, async (gate) => {
      const answer = await gate.send({ rdi: Command.leaf, rsi: BigInt(leaf), rdx: at(gate, layout.tcs) });
      assert.equal(answer.kind, AnswerKind.EXCEPTION);
      assert.ok(answer.reason === 13 || ([2, 3].includes(leaf) && answer.reason === 14));
    }),
  );
}

stubTest('an exit to another place ends the process', () =>
  withStub({}, async (gate, { end }) => {
    gate.stream.write(Buffer.alloc(0));
    const lost = gate.send({ rdi: Command.stray, rsi: at(gate, 0) }).catch(() => undefined);
    assert.deepEqual(await end, { code: StubExit.FAULT, signal: null });
    await lost;
  }),
);

const broken: readonly (readonly [why: string, answer: Uint8Array])[] = [
  ['a key of 15 bytes', Uint8Array.from([0, 0, 0, 0, 15, 0, 0, 0, ...bytes(15, 1)])],
  ['a key with an error', Uint8Array.from([2, 0, 0, 0, 16, 0, 0, 0, ...bytes(16, 1)])],
  ['a length beyond everything', Uint8Array.from([0, 0, 0, 0, 255, 255, 255, 255])],
];
for (const [why, answer] of broken) {
  stubTest(`a platform that answers ${why} ends the process`, () =>
    withStub({}, async (gate, { platform, end }) => {
      platform.removeAllListeners('data');
      platform.once('data', () => platform.write(answer));
      const lost = gate
        .send({ rdi: Command.key, rsi: at(gate, data), rdx: at(gate, data + 512) })
        .catch(() => undefined);
      assert.deepEqual(await end, { code: StubExit.PLATFORM_BROKEN, signal: null });
      await lost;
    }),
  );
}
