import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AnswerKind, encodeGateAnswer, encodeGateHello, type GateAnswer, RefusalReason } from '@enclos/sgx-stub/wire';
import { duplexPair, failsWith, until } from '@enclos/testkit';
import { greetingsOf } from '../src/gate/greeting.ts';
import { StubThread } from '../src/gate/stub-thread.ts';
import { fakeArenaBase, fakeEnclaveBase, type FakeStub, type InsideThread, startFakeStub } from './fake-stub.ts';

interface Opened {
  readonly stub: FakeStub;
  readonly thread: StubThread;
  readonly broken: Error[];
}

async function open(play: (thread: InsideThread) => Promise<void>): Promise<Opened> {
  const stub = startFakeStub({ play });
  const [hello] = await greetingsOf(stub.gates, stub.stackBytes);
  const [gate] = stub.gates;
  assert.ok(hello !== undefined && gate !== undefined);
  const broken: Error[] = [];
  return { stub, thread: new StubThread(gate, hello, (error) => broken.push(error)), broken };
}

/** Answers each request with the same. */
const always = (say: (thread: InsideThread) => void) => async (thread: InsideThread) => {
  for (;;) {
    await thread.next();
    say(thread);
  }
};

const heap = fakeArenaBase + 65_536n;
const final = { mask: 0xffffn, value: 7n };

describe('a thread of the stub', () => {
  test('writes, enters with the registers that were given, and reads after a final exit', async () => {
    const { thread } = await open(async (inside) => {
      const { rdi, rsi, rsp, rbp } = await inside.next();
      assert.deepEqual([rsp, rbp], [fakeArenaBase + 65_536n, fakeArenaBase + 65_536n]);
      const [byte] = inside.memory.read(heap, 1);
      inside.memory.write(heap + 16n, Uint8Array.of((byte ?? 0) + 1));
      inside.exit({ rdi: 7n, rsi: rdi + rsi });
    });
    const writes = [{ address: heap, bytes: Uint8Array.of(41) }];
    const answer = await thread.enter({ rdi: 1n, rsi: 2n, writes, reads: [{ address: heap + 16n, bytes: 1 }], final });
    assert.ok(answer.kind === 'exit' && answer.isFinal);
    assert.deepEqual([answer.registers.rsi, answer.reads], [3n, [Uint8Array.of(42)]]);
  });

  test('brings the stack and the window of an exit that is not final', async () => {
    const { thread } = await open(async (inside) => {
      const { rsp } = await inside.next();
      inside.memory.write(rsp - 32n, new Uint8Array(32).fill(5));
      inside.memory.write(heap, new Uint8Array(8).fill(6));
      inside.exit({ rdi: 1n, rsi: heap, rsp: rsp - 32n });
    });
    const answer = await thread.enter({ final, windowBytes: 8 });
    assert.ok(answer.kind === 'exit' && !answer.isFinal);
    assert.deepEqual(
      answer.pieces.map(({ address, bytes }) => [address, bytes.length, bytes[0]]),
      [
        [thread.stack.top - 32n, 32, 5],
        [heap, 8, 6],
      ],
    );
  });

  test('sends large memory in pieces, and small memory at once', async () => {
    const { thread, stub } = await open(async () => {});
    const large = new Uint8Array(500_000).fill(3);
    await thread.access({ writes: [{ address: heap, bytes: large }] });
    await thread.access({ writes: [{ address: heap + 500_000n, bytes: Uint8Array.of(4) }] });
    assert.deepEqual(stub.memory.read(heap + 499_999n, 2), Uint8Array.of(3, 4));
    const [back] = await thread.access({ reads: [{ address: heap, bytes: 500_000 }] });
    assert.deepEqual(back, large);
  });

  test('takes one request after the other', async () => {
    const { thread, stub } = await open(async (inside) => {
      await inside.next();
      inside.exception(6);
      await inside.next();
      inside.exit({});
    });
    const order: string[] = [];
    const requests = [
      thread.enter({}).then((answer) => order.push(answer.kind)),
      thread.access({ reads: [] }).then(() => order.push('access')),
      thread.resume().then((answer) => order.push(answer.kind)),
    ];
    assert.equal(await thread.accessLater(() => undefined), undefined);
    await Promise.all(requests);
    assert.deepEqual(order, ['exception', 'access', 'exit']);
    assert.deepEqual([stub.seen.enter, stub.seen.resume, stub.seen.access], [1, 1, 1]);
  });

  test('keeps going after a request that cannot be sent', async () => {
    const { thread } = await open(always((inside) => inside.exit({})));
    const many = Array.from({ length: 65 }, () => ({ address: heap, bytes: 1 }));
    await assert.rejects(thread.enter({ reads: many }), failsWith('SGX_WIRE_INVALID'));
    assert.equal((await thread.enter({})).kind, 'exit');
  });

  test('fails all its requests when it is lost, now and later', async () => {
    const { thread, broken, stub } = await open(async () => {});
    const pending = [thread.enter({}), thread.access({})];
    stub.end();
    await until('the gate is broken', () => broken.length > 0);
    thread.fail(new Error('gone'));
    for (const request of [...pending, thread.enter({})]) await assert.rejects(request, /gone/);
  });

  const stack = new Uint8Array(16);
  const hostile: readonly (readonly [string, Partial<GateAnswer>])[] = [
    ['an exit that only says that it is final', { rdi: 1n, final: true }],
    ['an exit that does not say that it is final', { rdi: 7n }],
    ['a stack above the call', { rsp: fakeArenaBase + 65_536n - 8n, stack }],
    ['a stack of another thread', { rsp: fakeArenaBase - 16n, stack }],
    ['a stack at the end of all addresses', { rsp: 2n ** 64n - 8n, stack }],
    ['more stack than was asked for', { rsp: fakeArenaBase, stack: new Uint8Array(33) }],
    ['a window outside of the arena', { rsi: fakeArenaBase - 1n, window: Uint8Array.of(1) }],
    ['a larger window than was asked for', { rsi: heap, window: new Uint8Array(9) }],
    ['memory instead of an exit', { kind: AnswerKind.DATA }],
    ['a refusal', { kind: AnswerKind.REFUSED, reason: RefusalReason.RSP }],
    ['a refusal without a reason', { kind: AnswerKind.REFUSED, reason: 99 }],
  ];
  for (const [what, answer] of hostile) {
    test(`is given up after ${what}`, async () => {
      const { thread, broken } = await open(always((inside) => inside.answer(answer)));
      const request = { final, windowBytes: 8, exitStackBytes: 32 };
      await assert.rejects(thread.enter(request), failsWith('SGX_WIRE_INVALID'));
      assert.equal(broken.length, 1);
    });
  }

  test('is given up after an answer to no request, and after bytes that are none', async () => {
    const nothing = { reason: 0, cssa: 0, faultPage: 0n, final: false, stack, window: stack, reads: [] };
    const registers = { rdi: 0n, rsi: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, rsp: 0n, rbp: 0n };
    const unasked = encodeGateAnswer({ kind: AnswerKind.EXIT, ...registers, ...nothing });
    for (const bytes of [unasked, new Uint8Array(128).fill(255), new Uint8Array(128).fill(1)]) {
      let say: ((given: Uint8Array) => void) | undefined;
      const { broken } = await open(async (inside) => {
        say = (given) => inside.say(given);
      });
      say?.(bytes);
      await until('the gate is broken', () => broken.length > 0);
    }
  });
});

describe('the greetings of the gates', () => {
  const good = {
    thread: 0,
    arenaBase: fakeArenaBase,
    arenaBytes: 2n ** 20n,
    stackBase: fakeArenaBase,
    stackBytes: 4096n,
    tcs: fakeEnclaveBase,
    enclaveBase: fakeEnclaveBase,
    enclaveBytes: 2n ** 20n,
    fastExit: false,
  };
  const greet = (hellos: readonly (typeof good)[], more = new Uint8Array()) => {
    const pairs = hellos.map((hello) => {
      const pair = duplexPair();
      const bytes = Buffer.concat([encodeGateHello(hello), more]);
      // In pieces, as a socket may give them.
      pair[1].write(bytes.subarray(0, 5));
      pair[1].write(bytes.subarray(5));
      return pair;
    });
    return greetingsOf(
      pairs.map(([host]) => host),
      4096,
    );
  };
  const second = { ...good, thread: 1, stackBase: fakeArenaBase + 4096n, tcs: fakeEnclaveBase + 4096n };

  test('are taken when they agree', async () => {
    assert.deepEqual(await greet([good, second]), [good, second]);
  });

  const wrong: readonly (readonly [string, readonly (typeof good)[]])[] = [
    ['there is none', []],
    ['two threads have one TCS', [good, { ...second, tcs: good.tcs }]],
    ['they are in another order', [second, good]],
    ['they name another arena', [good, { ...second, arenaBytes: 2n ** 19n }]],
    ['they name another enclave', [good, { ...second, enclaveBytes: 2n ** 21n }]],
    ['a stack has another size', [good, { ...second, stackBytes: 8192n }]],
    ['a stack is in the heap', [good, { ...second, stackBase: fakeArenaBase + 8192n }]],
    ['arena and enclave overlap', [{ ...good, enclaveBase: fakeArenaBase - 4096n, tcs: fakeArenaBase }]],
  ];
  for (const [what, hellos] of wrong) {
    test(`are refused when ${what}`, () => assert.rejects(greet(hellos), failsWith('SGX_WIRE_INVALID')));
  }

  test('are refused when more is said, and when the gate closes', async () => {
    await assert.rejects(greet([good], Uint8Array.of(1)), failsWith('SGX_WIRE_INVALID'));
    const [host, own] = duplexPair();
    own.destroy();
    await assert.rejects(greetingsOf([host], 4096));
  });
});
