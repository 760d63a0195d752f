import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { AnswerKind, RequestKind, type GateAnswer, type GateRequest } from '../../src/wire/index.ts';
import { stubTest } from './builds.ts';
import { Command, layout, registersAt } from './enclave.ts';
import { withStub, type TestGate } from './process.ts';

const at = (gate: TestGate, offset: number): bigint => gate.hello.enclaveBase + BigInt(offset);

/** Enters the handler of the test enclave, which skips bytes of code and says what its frame holds. */
async function handle(gate: TestGate, skip: number, frame = 0): Promise<GateAnswer> {
  const answer = await gate.send({ rdi: 0n, rsi: at(gate, registersAt(0, frame)), rdx: BigInt(skip) });
  assert.deepEqual([answer.kind, answer.cssa], [AnswerKind.EXIT, frame + 1]);
  return answer;
}

/** What a handler answers: see enclave.S. */
const told = ({ rdi, rdx, r8, r9, r10 }: GateAnswer) => ({
  exitInfo: rdi,
  address: rdx,
  error: r8,
  rip: r9,
  outerRsp: r10,
});
const valid = (type: number, vector: number): bigint => BigInt(2 ** 31 + type * 256 + vector);

type Case = readonly [why: string, request: (gate: TestGate) => Partial<GateRequest>, vector: number, exitInfo: bigint];
const cases: readonly Case[] = [
  ['an invalid opcode', () => ({ rdi: Command.invalid }), 6, valid(3, 6)],
  ['a breakpoint', () => ({ rdi: Command.breakpoint }), 3, valid(6, 3)],
  ['a division by zero', () => ({ rdi: Command.divide }), 0, valid(3, 0)],
  ['a page that is not there', (gate) => ({ rdi: Command.load, rsi: at(gate, layout.enclaveBytes / 2) }), 14, 0n],
  ['a page that cannot be written', (gate) => ({ rdi: Command.store, rsi: at(gate, layout.readOnly) }), 14, 0n],
  ['its own code, written', (gate) => ({ rdi: Command.store, rsi: at(gate, layout.code) }), 14, 0n],
  ['its TCS, read', (gate) => ({ rdi: Command.load, rsi: at(gate, layout.tcs) }), 14, 0n],
  ['a jump to data', (gate) => ({ rdi: Command.jump, rsi: at(gate, layout.data) }), 14, 0n],
  ['a jump to zero', () => ({ rdi: Command.jump }), 14, 0n],
  ['a jump to no address', () => ({ rdi: Command.jump, rsi: 2n ** 63n }), 13, 0n],
  ['a load from no address', () => ({ rdi: Command.load, rsi: 2n ** 63n }), 13, 0n],
  ['a step', (gate) => ({ rdi: Command.stepped, rdx: at(gate, layout.data + 0x1000) }), 1, valid(3, 1)],
];
for (const [why, request, vector, exitInfo] of cases) {
  stubTest(`an asynchronous exit: ${why}`, () =>
    withStub({}, async (gate) => {
      const answer = await gate.send({ r9: 9n, rbp: 77n, rsp: gate.top - 128n, ...request(gate) });
      assert.deepEqual([answer.kind, answer.reason, answer.cssa], [AnswerKind.EXCEPTION, vector, 1]);
      assert.deepEqual([answer.rdi, answer.rsi, answer.rdx, answer.r9], [0n, 0n, 0n, 0n], 'nothing of it is seen');
      assert.deepEqual([answer.rsp, answer.rbp], [gate.top - 128n, 77n]);
      const frame = told(await handle(gate, 0));
      assert.deepEqual([frame.exitInfo, frame.outerRsp], [exitInfo, gate.top - 128n]);
    }),
  );
}

stubTest('a page fault tells the host its page', () =>
  withStub({}, async (gate) => {
    const page = at(gate, layout.enclaveBytes / 2);
    const answer = await gate.send({ rdi: Command.load, rsi: page + 0x123n });
    assert.deepEqual([answer.reason, answer.faultPage], [14, page]);
  }),
);

stubTest('with EXINFO the frame describes a fault', () =>
  withStub({ go: { exceptionInformation: true } }, async (gate) => {
    const page = at(gate, layout.enclaveBytes / 2);
    await gate.send({ rdi: Command.store, rsi: page + 0x123n });
    const fault = told(await handle(gate, 0));
    assert.deepEqual([fault.exitInfo, fault.address, fault.error & 7n], [valid(3, 14), page + 0x123n, 6n]);
  }),
);

stubTest('with EXINFO a general protection fault has no address', () =>
  withStub({ go: { exceptionInformation: true } }, async (gate) => {
    await gate.send({ rdi: Command.load, rsi: 2n ** 63n });
    const fault = told(await handle(gate, 0));
    assert.deepEqual([fault.exitInfo, fault.address], [valid(3, 13), 0n]);
  }),
);

stubTest('without EXINFO it describes none', () =>
  withStub({}, async (gate) => {
    await gate.send({ rdi: Command.store, rsi: at(gate, layout.enclaveBytes / 2) });
    const fault = told(await handle(gate, 0));
    assert.deepEqual([fault.exitInfo, fault.address, fault.error], [0n, 0n, 0n]);
  }),
);

stubTest('a breakpoint is at its own address', () =>
  withStub({}, async (gate) => {
    await gate.send({ rdi: Command.breakpoint });
    await handle(gate, 1);
    const answer = await gate.send({ kind: RequestKind.RESUME });
    assert.deepEqual([answer.kind, answer.rdi, answer.cssa], [AnswerKind.EXIT, 33n, 0]);
  }),
);

for (const fastExit of [false, true]) {
  stubTest(`resumes with every register${fastExit ? ', and fast exits' : ''}`, () =>
    withStub({ go: { fastExit } }, async (gate) => {
      for (let i = 0; i < 3; i++) {
        assert.equal((await gate.send({ rdi: Command.registers })).kind, AnswerKind.EXCEPTION);
        await handle(gate, 2);
        const answer = await gate.send({ kind: RequestKind.RESUME });
        assert.deepEqual([answer.rdi, answer.cssa], [91n, 0]);
      }
    }),
  );
}

stubTest('an exit after a resumption is judged by the resumption', () =>
  withStub({}, async (gate) => {
    await gate.send({ rdi: Command.invalid });
    await handle(gate, 2);
    const answer = await gate.send({ kind: RequestKind.RESUME, finalMask: 1n, finalValue: 0n });
    assert.deepEqual([answer.rdi, answer.final], [55n, false]);
  }),
);

stubTest('resumes FS and GS', () =>
  withStub({ enclave: { tcs: { gs: layout.data } } }, async (gate) => {
    await gate.send({ rdi: Command.invalid });
    await handle(gate, 2);
    await gate.send({ kind: RequestKind.RESUME });
    const { rsi } = await gate.send({ rdi: Command.segments });
    assert.equal(rsi, at(gate, layout.data));
  }),
);

const hasAvx = /\bavx\b/.test(readFileSync('/proc/cpuinfo', 'latin1'));
const states = [
  { name: 'SSE registers', command: Command.vectors, xfrm: 3n, is: true, left: 5n },
  { name: 'AVX registers', command: Command.wideVectors, xfrm: 7n, is: hasAvx, left: 6n },
];
for (const { name, command, xfrm, left } of states.filter(({ is }) => is)) {
  stubTest(`a fault in the handler takes the second frame, with ${name} in use`, () =>
    withStub({ go: { xfrm } }, async (gate) => {
      const heap = gate.heap();
      const content = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
      const writes = [{ address: heap, content }];
      await gate.send({ rdi: command, rsi: heap, rdx: heap + 64n, writes });
      const nested = await gate.send({ rdi: 1n });
      assert.deepEqual([nested.kind, nested.cssa], [AnswerKind.EXCEPTION, 2]);
      const again = await gate.send({ kind: RequestKind.RESUME });
      assert.deepEqual([again.kind, again.reason, again.cssa], [AnswerKind.EXCEPTION, 6, 2], 'it faults again');
      // A handler of the second exception would need a third frame.
      assert.equal((await gate.send({ kind: RequestKind.ENTER })).kind, AnswerKind.REFUSED);
    }),
  );

  stubTest(`${name} come back as they were`, () =>
    withStub({ go: { xfrm } }, async (gate) => {
      const heap = gate.heap();
      const content = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
      await gate.send({ rdi: command, rsi: heap, rdx: heap + 64n, writes: [{ address: heap, content }] });
      await handle(gate, 2);
      const answer = await gate.send({ kind: RequestKind.RESUME, reads: [{ address: heap + 64n, bytes: 32 }] });
      assert.equal(answer.rdi, left);
      assert.deepEqual([...(answer.reads[0] ?? [])], [...content]);
    }),
  );
}

const state = layout.tcs + 0x1000;
const registers = registersAt(0, 0);
const all = 2n ** 64n - 1n;
type Spoilt = readonly [what: string, offset: number, value: bigint, then: 'runs' | 'faults'];
const spoilt: readonly Spoilt[] = [
  ['MXCSR', state + 24, all, 'runs'],
  ['the words of the kernel', state + 464, all, 'runs'],
  ['the features of the kernel', state + 472, all, 'runs'],
  ['XSTATE_BV', state + 512, all, 'runs'],
  ['XCOMP_BV', state + 520, all, 'runs'],
  ['the reserved header', state + 568, all, 'runs'],
  ['RFLAGS', registers + 128, all ^ 0x100n, 'runs'],
  ['a step in RFLAGS', registers + 128, 0x102n, 'faults'],
  ['RIP', registers + 136, all >> 1n, 'faults'],
  ['RIP of the kernel', registers + 136, all - 0xfffn, 'faults'],
];
for (const [what, offset, value, then] of spoilt) {
  stubTest(`an enclave that spoils ${what} of its frame harms only itself`, () =>
    withStub({ go: { xfrm: 7n } }, async (gate) => {
      await gate.send({ rdi: Command.invalid });
      await handle(gate, 2);
      await gate.send({ rdi: 2n, r8: value, r9: at(gate, offset) });
      const answer = await gate.send({ kind: RequestKind.RESUME });
      assert.equal(answer.kind, then === 'runs' ? AnswerKind.EXIT : AnswerKind.EXCEPTION);
      if (then === 'runs') assert.equal(answer.rdi, 55n);
    }),
  );
}
