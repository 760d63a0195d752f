import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AnswerKind, RefusalReason, RequestKind, type GateAnswer, type GateRequest } from '../../src/wire/index.ts';
import { compilers, stubTest, stubWith } from './builds.ts';
import { Command, layout, registersAt } from './enclave.ts';
import { everything, withStub, type TestGate } from './process.ts';

for (const compiler of compilers) {
  stubTest(`a stub built by ${compiler} needs no relocation and has no data`, async () => {
    const { stdout } = await promisify(execFile)('readelf', ['-rSW', await stubWith([], compiler)]);
    assert.match(stdout, /There are no relocations in this file/);
    assert.doesNotMatch(stdout, / \.(?:data|bss|got|tbss|tdata)/);
  });

  stubTest(`an enclave is entered and leaves, in a stub built by ${compiler}`, async () =>
    withStub({ path: await stubWith([], compiler) }, async (gate) => {
      assert.equal((await gate.send({ rdi: Command.next, rsi: 41n })).rdi, 42n);
    }),
  );
}

for (const fastExit of [false, true]) {
  const how = fastExit ? 'with fast exits' : 'with exits that trap';
  stubTest(`registers go in and out ${how}`, () =>
    withStub({ go: { fastExit } }, async (gate) => {
      assert.equal(gate.hello.fastExit, fastExit);
      for (const value of [1n, 2n, 0xffff_ffff_ffff_fff0n]) {
        for (const rdi of [Command.next, Command.shortLeave]) {
          const answer = await gate.send({ rdi, rsi: value, rdx: 3n, r8: 4n, r9: 5n, r10: 6n, rbp: 7n });
          assert.deepEqual(
            [answer.kind, answer.rdi, answer.rsi, answer.rdx, answer.r8, answer.r9, answer.r10, answer.rbp],
            [AnswerKind.EXIT, value + 1n, value, 3n, 4n, 5n, 6n, 7n],
          );
          assert.deepEqual([answer.final, answer.cssa, answer.rsp], [true, 0, gate.top]);
        }
      }
    }),
  );

  stubTest(`flags that an enclave leaves set disturb nothing ${how}`, () =>
    withStub({ go: { fastExit } }, async (gate) => {
      const stack = gate.hello.enclaveBase + BigInt(layout.data + 0x1000);
      for (let i = 0; i < 3; i++) {
        assert.equal((await gate.send({ rdi: Command.flags, rdx: stack })).rdi, 19n);
        assert.equal((await gate.send({ rdi: Command.next, rsi: 1n })).rdi, 2n);
      }
    }),
  );
}

stubTest('FS and GS are those of the TCS', () =>
  withStub({ enclave: { tcs: { gs: layout.data } } }, async (gate) => {
    const { rdi, rsi } = await gate.send({ rdi: Command.segments });
    assert.equal(rdi - gate.hello.enclaveBase, BigInt(layout.tcs + 0x3000));
    assert.equal(rsi - gate.hello.enclaveBase, BigInt(layout.data));
  }),
);

stubTest('an exit that is not final brings stack and window', () =>
  withStub({}, async (gate) => {
    const { top } = gate;
    const heap = gate.heap();
    const writes = [
      { address: top - 16n, content: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]) },
      { address: heap, content: Uint8Array.of(21, 22, 23) },
    ];
    const leave = { rdi: Command.ocall, rsi: 8n, rdx: heap, rsp: top - 16n, finalMask: ~0n & (2n ** 64n - 1n) };
    const answer = await gate.send({
      ...leave,
      writes,
      finalValue: 9n,
      exitStackBytes: 10,
      windowBytes: 3,
      reads: [{ address: heap, bytes: 3 }],
    });
    assert.deepEqual([answer.final, answer.rdi, answer.rsi, answer.reads.length], [false, 8n, heap, 0]);
    assert.deepEqual([...answer.stack], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.deepEqual([...answer.window], [21, 22, 23]);
    const final = await gate.send({ ...leave, finalValue: 8n, ...everything, reads: [{ address: heap, bytes: 3 }] });
    assert.deepEqual([final.final, final.stack.length, final.window.length], [true, 0, 0]);
    assert.deepEqual([...(final.reads[0] ?? [])], [21, 22, 23]);
  }),
);

const notFinal = { finalMask: 1n, finalValue: 2n, ...everything };
stubTest('an exit brings nothing from outside of the arena', () =>
  withStub({}, async (gate) => {
    const { arenaBase, arenaBytes, stackBase, enclaveBase } = gate.hello;
    const leave = (rsp: bigint): Partial<GateRequest> => ({ rdi: Command.others, rsi: rsp, ...notFinal });
    for (const rsp of [stackBase - 1n, gate.top, gate.top + 1n, enclaveBase, 0n, 2n ** 64n - 1n]) {
      assert.equal((await gate.send(leave(rsp))).stack.length, 0);
    }
    assert.equal((await gate.send(leave(gate.top - 1n))).stack.length, 1);
    assert.equal((await gate.send(leave(stackBase))).stack.length, Number(gate.hello.stackBytes));
    const window = async (rsi: bigint): Promise<number> =>
      (await gate.send({ rdi: Command.ocall, rdx: rsi, ...notFinal })).window.length;
    const outside = [arenaBase - 1n, arenaBase + arenaBytes, enclaveBase, 2n ** 64n - 1n];
    for (const rsi of outside) assert.equal(await window(rsi), 0);
    assert.equal(await window(arenaBase + arenaBytes - 1n), 1);
    assert.equal(await window(arenaBase), 65536);
  }),
);

stubTest('memory of the arena is written and read without an entry', () =>
  withStub({}, async (gate) => {
    const heap = gate.heap();
    const content = Buffer.alloc(1_000_003, 'content of the arena, ');
    const writes = [
      { address: heap, content },
      { address: heap + 5n, content: Uint8Array.of(99) },
      { address: heap, content: new Uint8Array(0) },
    ];
    const reads = [
      { address: heap + 4n, bytes: 3 },
      { address: heap, bytes: content.length },
      { address: heap, bytes: 0 },
    ];
    const answer = await gate.send({ kind: RequestKind.ACCESS, writes, reads });
    assert.equal(answer.kind, AnswerKind.DATA);
    const [first = content, second, third] = answer.reads;
    assert.deepEqual([...first], [content[4], 99, content[6]]);
    const expected = Buffer.from(content);
    expected[5] = 99;
    assert.ok(expected.equals(second ?? content));
    assert.equal(third?.length, 0);
  }),
);

stubTest('64 ranges of each kind cross', () =>
  withStub({}, async (gate) => {
    const heap = gate.heap();
    const at = (i: number): bigint => heap + BigInt(i * 200);
    const writes = Array.from({ length: 64 }, (_, i) => ({ address: at(i), content: new Uint8Array(150).fill(i) }));
    const reads = writes.map(({ address }) => ({ address, bytes: 150 }));
    const answer = await gate.send({ kind: RequestKind.ACCESS, writes, reads });
    answer.reads.forEach((each, i) => assert.ok(each.length === 150 && each.every((byte) => byte === i)));
  }),
);

stubTest('writes reach the enclave before it is entered', () =>
  withStub({}, async (gate) => {
    const heap = gate.heap();
    const content = Buffer.alloc(100_000, 'abc');
    const to = heap + 200_000n;
    const answer = await gate.send({
      rdi: Command.copy,
      rsi: heap,
      rdx: to,
      r8: 100_000n,
      writes: [{ address: heap, content }],
      reads: [{ address: to, bytes: 100_000 }],
    });
    assert.ok(content.equals(answer.reads[0] ?? new Uint8Array(0)));
  }),
);

type Refusal = readonly [why: string, reason: number, change: (gate: TestGate) => Partial<GateRequest>];
const end = (gate: TestGate): bigint => gate.hello.arenaBase + gate.hello.arenaBytes;
const one = Uint8Array.of(1);
const refusals: readonly Refusal[] = [
  [
    'a write before the arena',
    RefusalReason.RANGE,
    ({ hello }) => ({ writes: [{ address: hello.arenaBase - 1n, content: one }] }),
  ],
  ['a write behind the arena', RefusalReason.RANGE, (gate) => ({ writes: [{ address: end(gate), content: one }] })],
  [
    'a write across the end',
    RefusalReason.RANGE,
    (gate) => ({ writes: [{ address: end(gate) - 1n, content: Uint8Array.of(1, 2) }] }),
  ],
  [
    'a write into the enclave',
    RefusalReason.RANGE,
    ({ hello }) => ({ writes: [{ address: hello.enclaveBase, content: one }] }),
  ],
  [
    'a large write behind the arena',
    RefusalReason.RANGE,
    (gate) => ({ writes: [{ address: end(gate), content: new Uint8Array(100_000) }] }),
  ],
  [
    'a read of the enclave',
    RefusalReason.RANGE,
    ({ hello }) => ({ reads: [{ address: hello.enclaveBase, bytes: 8 }] }),
  ],
  ['a read that wraps', RefusalReason.RANGE, () => ({ reads: [{ address: 2n ** 64n - 1n, bytes: 8 }] })],
  [
    'a read longer than the arena',
    RefusalReason.RANGE,
    (gate) => ({ reads: [{ address: gate.hello.arenaBase, bytes: Number(gate.hello.arenaBytes) + 1 }] }),
  ],
  [
    'reads that together are longer than the arena',
    RefusalReason.COUNTS,
    ({ hello }) => ({
      reads: Array.from({ length: 2 }, () => ({ address: hello.arenaBase, bytes: Number(hello.arenaBytes) })),
    }),
  ],
  [
    'a top above the stack of what is resumed',
    RefusalReason.RSP,
    (gate) => ({ kind: RequestKind.RESUME, stackTop: gate.top + 1n }),
  ],
  ['RSP below the stack', RefusalReason.RSP, ({ hello }) => ({ rsp: hello.stackBase - 1n })],
  ['RSP above the stack', RefusalReason.RSP, (gate) => ({ rsp: gate.top + 1n })],
  ['RSP in the enclave', RefusalReason.RSP, ({ hello }) => ({ rsp: hello.enclaveBase })],
  ['a top below the stack', RefusalReason.RSP, ({ hello }) => ({ stackTop: hello.stackBase - 1n })],
  ['a top above the stack', RefusalReason.RSP, (gate) => ({ stackTop: gate.top + 1n })],
  ['nothing to resume', RefusalReason.CSSA, () => ({ kind: RequestKind.RESUME })],
];
for (const [why, reason, change] of refusals) {
  stubTest(`refuses ${why}, does nothing, and goes on`, () =>
    withStub({}, async (gate) => {
      const heap = gate.heap();
      const asked = gate.request(change(gate));
      const writes = [{ address: heap, content: one }, ...asked.writes];
      assert.deepEqual(outcome(await gate.send({ ...asked, writes })), [AnswerKind.REFUSED, reason]);
      const [still] = (await gate.send({ kind: RequestKind.ACCESS, reads: [{ address: heap, bytes: 1 }] })).reads;
      assert.equal(still?.[0], 0);
    }),
  );
}
const outcome = ({ kind, reason }: GateAnswer): readonly number[] => [kind, reason];

stubTest('refuses an entry when all frames are in use', () =>
  withStub({}, async (gate) => {
    const invalid = { rdi: Command.invalid };
    const first = await gate.send(invalid);
    assert.deepEqual([...outcome(first), first.cssa], [AnswerKind.EXCEPTION, 6, 1]);
    const second = await gate.send({ rdi: 1n });
    assert.deepEqual([...outcome(second), second.cssa], [AnswerKind.EXCEPTION, 6, 2]);
    assert.deepEqual(outcome(await gate.send(invalid)), [AnswerKind.REFUSED, RefusalReason.CSSA]);
    assert.ok(registersAt(0, 1) > registersAt(0, 0));
  }),
);
