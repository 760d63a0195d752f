import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { AnswerKind, LeafStatus } from '../../src/wire/index.ts';
import { stubTest, stubWith } from './builds.ts';
import { Command, layout } from './enclave.ts';
import { withStub, type StartedStub, type StubEnd, type StubOptions, type TestGate } from './process.ts';

const killed: StubEnd = { code: null, signal: 'SIGSYS' };
/** One more than the newest call of Linux 6.18, and the calls of x32. */
const numbers = [...Array.from({ length: 472 }, (_, i) => i), 0x4000_0000, 0x4000_0001];
/** uretprobe and uprobe: the kernel asks no filter about them (kernel/seccomp.c), and they are SIGILL but in its own pages. */
const unfiltered = [335, 336];
const filtered = numbers.filter((number) => !unfiltered.includes(number));
const allowed = {
  read: 0,
  write: 1,
  mprotect: 10,
  rtSigreturn: 15,
  writev: 20,
  futex: 202,
  exitGroup: 231,
  ppoll: 271,
};

/** How a stub ends when its enclave does something; undefined when it answers. */
async function endOf(
  options: StubOptions,
  act: (gate: TestGate, stub: StartedStub) => Promise<unknown>,
): Promise<StubEnd | undefined> {
  let found: StubEnd | undefined;
  await withStub(options, async (gate, stub) => {
    const answered = act(gate, stub).then(
      () => undefined,
      () => stub.end,
    );
    found = await answered;
  });
  return found;
}

/** Runs some at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

stubTest('a system call inside the enclave ends it, whichever it is', () =>
  each(filtered, async (number) => {
    const end = await endOf({}, (gate) => gate.send({ rdi: Command.call, rsi: BigInt(number) }));
    assert.deepEqual(end, killed, `number ${number}`);
  }),
);

stubTest('nor one of the calls of 32-bit programs', () =>
  each([1, 3, 4, 252], async (number) => {
    assert.deepEqual(await endOf({}, (gate) => gate.send({ rdi: Command.old, rsi: BigInt(number) })), killed);
  }),
);

stubTest('a call that the kernel does not filter does nothing', () =>
  each(unfiltered, (number) =>
    withStub({}, async (gate) => {
      // An older kernel does not know it, and filters it.
      const answer = await gate.send({ rdi: Command.call, rsi: BigInt(number) }).catch(() => undefined);
      const isNothing = answer?.kind === AnswerKind.EXIT && BigInt.asIntN(64, answer.rdi) < 0n;
      assert.ok(answer === undefined || answer.kind === AnswerKind.EXCEPTION || isNothing);
    }),
  ),
);

/** Where the stub makes its calls: SYSCALL with RET behind it. */
async function callSite({ child }: StartedStub): Promise<bigint> {
  const file = await stubWith();
  const at = readFileSync(file).indexOf(Buffer.from([0x0f, 0x05, 0xc3]));
  const [start = ''] =
    /^\w+/.exec(
      readFileSync(`/proc/${child.pid}/maps`, 'utf8')
        .split('\n')
        .find((line) => line.includes('/stub')) ?? '',
    ) ?? [];
  return BigInt(`0x${start}`) + BigInt(at);
}

/** FUTEX_WAIT_PRIVATE (linux/futex.h). */
const waits = 128n;

stubTest('an enclave that owns the stub can wait and wake, and do nothing else with futexes', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to find the stub in the process');
  // All operations, private and shared, and some with FUTEX_CLOCK_REALTIME.
  const operations = Array.from({ length: 14 }, (_, i) => [i, 128 + i, 256 + i, 384 + i]).flat();
  await each(operations, async (operation) => {
    const end = await endOf({}, async (gate, stub) => {
      const call = { rdi: Command.through, rsi: BigInt(allowed.futex), rdx: 1000n, r9: 1n, r10: await callSite(stub) };
      await gate.send({ ...call, r8: BigInt(operation) });
    });
    assert.deepEqual(end, [128, 129].includes(operation) ? undefined : killed, `operation ${operation}`);
  });
});

stubTest('an enclave that owns the stub can make its few calls and no other', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to find the stub in the process');
  const own: readonly number[] = [allowed.read, allowed.write, allowed.writev, allowed.futex, allowed.exitGroup];
  await each(filtered, async (number) => {
    const end = await endOf({}, async (gate, stub) => {
      // Descriptor and address 1000, so that an allowed call fails, and exit code 232.
      const call = {
        rdi: Command.through,
        rsi: BigInt(number),
        rdx: 1000n,
        r8: waits,
        r9: 1n,
        r10: await callSite(stub),
      };
      const answer = await gate.send(call);
      assert.ok(BigInt.asIntN(64, answer.rdi) < 0n, `number ${number}`);
    });
    const expected = number === allowed.exitGroup ? { code: 1000 % 256, signal: null } : undefined;
    assert.deepEqual(end, own.includes(number) ? expected : killed, `number ${number}`);
  });
});

const fast: StubOptions = { go: { fastExit: true } };
const key: StubOptions = { platform: () => ({ status: LeafStatus.SUCCESS, result: new Uint8Array(16) }) };
const next = (gate: TestGate): Promise<unknown> => gate.send({ rdi: Command.next });
type Use = (gate: TestGate, stub: StartedStub, isWhole: boolean) => Promise<unknown>;
const uses: readonly (readonly [name: keyof typeof allowed, options: StubOptions, use: Use])[] = [
  ['read', {}, next],
  ['write', {}, next],
  ['writev', {}, next],
  ['futex', {}, next],
  // The thread that waits for the end makes it, at a moment of its own: it is waited for.
  [
    'ppoll',
    {},
    (gate, stub, isWhole) => (isWhole ? next(gate) : stub.end.then(() => Promise.reject(new Error('It has ended.')))),
  ],
  ['mprotect', fast, next],
  [
    'rtSigreturn',
    key,
    (gate) => {
      const at = gate.hello.enclaveBase + BigInt(layout.data);
      return gate.send({ rdi: Command.key, rsi: at, rdx: at + 512n });
    },
  ],
  [
    'exitGroup',
    {},
    (gate) => {
      gate.stream.destroy();
      return Promise.reject(new Error('The gate was closed.'));
    },
  ],
];
for (const [name, options, use] of uses) {
  stubTest(`the stub needs ${name}`, async () => {
    const whole = await endOf(options, (gate, stub) => use(gate, stub, true));
    assert.ok(whole === undefined || whole.signal === null);
    const path = await stubWith([`FILTER_WITHOUT=${allowed[name]}`]);
    try {
      assert.deepEqual(await endOf({ ...options, path }, (gate, stub) => use(gate, stub, false)), killed);
    } catch (error) {
      assert.match(String(error), /ended before its greeting: SIGSYS/);
    }
  });
}

stubTest('memory cannot be made executable without fast exits', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to find the stub in the process');
  const call = async (gate: TestGate, stub: StartedStub): Promise<unknown> => {
    const address = gate.hello.enclaveBase + BigInt(layout.data);
    const site = await callSite(stub);
    return gate.send({
      rdi: Command.through,
      rsi: BigInt(allowed.mprotect),
      rdx: address,
      r8: 4096n,
      r9: 7n,
      r10: site,
    });
  };
  assert.deepEqual(await endOf({}, call), killed);
  assert.equal(await endOf(fast, call), undefined);
});
