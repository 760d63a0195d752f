import { Duplex } from 'node:stream';
import { isEnclosError } from '@enclos/errors';
import { AnswerKind, encodeGateAnswer, encodeGateHello, HELLO_BYTES } from '@enclos/sgx-stub/wire';
import '../src/errors.ts';
import { Arena } from '../src/arena/arena.ts';
import { greetingsOf } from '../src/gate/greeting.ts';
import { StubThread } from '../src/gate/stub-thread.ts';

const arenaBase = 0x7000_0000_0000n;
const stackBytes = 4096;
const arenaBytes = 16_384;
const hello = encodeGateHello({
  thread: 0,
  arenaBase,
  arenaBytes: BigInt(arenaBytes),
  stackBase: arenaBase,
  stackBytes: BigInt(stackBytes),
  tcs: 0x6000_0000_1000n,
  enclaveBase: 0x6000_0000_0000n,
  enclaveBytes: 2n ** 20n,
  fastExit: false,
});

const registers = {
  rdi: 1n,
  rsi: arenaBase + 8192n,
  rdx: 0n,
  r8: 0n,
  r9: 0n,
  r10: 0n,
  rsp: arenaBase + 4000n,
  rbp: 0n,
};
const nothing = {
  reason: 0,
  cssa: 0,
  faultPage: 0n,
  final: false,
  stack: new Uint8Array(),
  window: new Uint8Array(),
  reads: [],
};
const answers = [
  {
    ...registers,
    ...nothing,
    kind: AnswerKind.EXIT,
    stack: new Uint8Array(96).fill(1),
    window: new Uint8Array(16).fill(2),
  },
  { ...registers, ...nothing, kind: AnswerKind.EXIT, rdi: 7n, final: true, reads: [new Uint8Array(8)] },
  { ...registers, ...nothing, kind: AnswerKind.EXCEPTION, reason: 14 },
  { ...registers, ...nothing, kind: AnswerKind.REFUSED, reason: 1 },
].map(encodeGateAnswer);

export const seeds: readonly Uint8Array[] = [
  hello,
  ...answers.map((answer) => Buffer.concat([hello, answer])),
  Buffer.concat([hello, ...answers]),
];

/** All that a hostile stub says on a gate: its greeting, and answers to an entry after the other. */
export async function fuzz(data: Uint8Array): Promise<void> {
  // A greeting that does not end is waited for.
  if (data.length < HELLO_BYTES) return;
  const gate = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  gate.on('error', () => undefined);
  const greeted = greetingsOf([gate], stackBytes);
  gate.push(Uint8Array.from(data.subarray(0, HELLO_BYTES)));
  const greeting = await greeted.then(
    ([first]) => first,
    (error: unknown) => {
      if (!isEnclosError(error, 'SGX_WIRE_INVALID')) throw error;
    },
  );
  if (greeting === undefined) return;
  const arena = new Arena({ base: greeting.arenaBase, bytes: Number(greeting.arenaBytes), stacksBytes: stackBytes });
  let hasBroken = false;
  const thread = new StubThread(gate, greeting, (error) => {
    hasBroken = true;
    thread.fail(error);
  });
  const ended = enterAgain(thread, arena);
  for (let at = HELLO_BYTES; at < data.length;) {
    // In pieces, whose lengths the bytes say.
    const end = at + 1 + 4 * (data[at] ?? 0);
    gate.push(Uint8Array.from(data.subarray(at, end)));
    at = end;
  }
  gate.push(null);
  gate.destroy();
  const error = await ended;
  if (!hasBroken) throw error;
}

/** Enters until it fails. What an answer brings has to be memory that may be looked at. */
async function enterAgain(thread: StubThread, arena: Arena): Promise<unknown> {
  const asked = { final: { mask: 0xffffn, value: 7n }, reads: [{ address: arena.base, bytes: 8 }], windowBytes: 64 };
  for (;;) {
    try {
      const answer = await thread.enter({ ...asked, exitStackBytes: 128 });
      if (answer.kind === 'exit') arena.snapshot(answer.pieces);
    } catch (error) {
      return error;
    }
  }
}
