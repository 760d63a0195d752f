import type { Registers } from '../../src/gate/thread.ts';
import type { EnclaveCode, PeerMemory, Step } from '../scripted-enclave.ts';

/** What the code inside does, beside what the SDK's entry code does. */
export interface PeerFunctions {
  readonly initialize?: Work | undefined;
  /** By index. */
  readonly ecalls?: readonly Work[] | undefined;
  /** Whether the thread may go on after an exception. */
  readonly handleException?: Work | undefined;
}

/** @returns what the function came to: RSI */
export type Work = (inside: Inside, argument: bigint) => WorkSteps | bigint;
export type WorkSteps = Generator<Step, bigint | Step, Registers>;

export const CONTINUE = 0xffff_ffffn;
const OK = 0n;

function word(code: number, called: number, result = 0): bigint {
  return (BigInt(code) << 48n) | (BigInt(called) << 32n) | BigInt(result);
}

/** What an OCALL of the interface came to. */
export interface PeerOcall {
  /** Of the gate, then of the record: `oe_result_t`. */
  readonly gate: bigint;
  readonly result: bigint;
  readonly output: DataView;
}

/** What code inside can do. */
export class Inside {
  readonly memory: PeerMemory;
  readonly context: bigint;

  constructor(memory: PeerMemory, context: bigint) {
    [this.memory, this.context] = [memory, context];
  }

  /** A call of the gate. */
  *call(
    called: number,
    argument: bigint,
  ): Generator<Step, { readonly gate: bigint; readonly value: bigint }, Registers> {
    const back = yield { rdi: word(3, called), rsi: argument };
    if (back.rdi >> 48n !== 4n || ((back.rdi >> 32n) & 0xffffn) !== BigInt(called)) throw new Error('not its return');
    return { gate: back.rdi & 0xffffn, value: back.rsi };
  }

  *allocate(bytes: number | bigint): Generator<Step, bigint, Registers> {
    return (yield* this.call(0x8003, BigInt(bytes))).value;
  }

  /** A call of the interface: the values as the SDK's generated code has them, in the thread's buffer. */
  *ocall(index: number, input: Uint8Array, outputBytes: number): Generator<Step, PeerOcall, Registers> {
    const { memory, context } = this;
    const buffer =
      input.length + outputBytes <= Number(memory.u64(context + 56n))
        ? memory.u64(context + 64n)
        : yield* this.allocate(input.length + outputBytes);
    memory.write(buffer, input);
    memory.write(buffer + BigInt(input.length), new Uint8Array(outputBytes));
    const record = [
      BigInt(index),
      buffer,
      BigInt(input.length),
      buffer + BigInt(input.length),
      BigInt(outputBytes),
      0n,
      7n,
    ];
    record.forEach((value, i) => memory.setU64(context + BigInt(8 * i), value));
    const { gate } = yield* this.call(0x8000, context);
    const output = memory.read(buffer + BigInt(input.length), outputBytes);
    return { gate, result: memory.u64(context + 48n), output: new DataView(output.buffer) };
  }

  /** The values that an ECALL was made with, where its outputs go. */
  values(argument: bigint): {
    readonly index: number;
    readonly input: Uint8Array;
    readonly output: bigint;
    readonly outputBytes: number;
  } {
    const field = (i: number): bigint => this.memory.u64(argument + BigInt(8 * i));
    const input = this.memory.read(field(1), Number(field(2)));
    return { index: Number(field(0)), input, output: field(3), outputBytes: Number(field(4)) };
  }

  /** Returns outputs from an ECALL; zeros by default. */
  finish(argument: bigint, output = new Uint8Array(this.values(argument).outputBytes)): bigint {
    this.memory.write(this.values(argument).output, output);
    this.memory.setU64(argument + 40n, BigInt(output.length));
    this.memory.setU64(argument + 48n, OK);
    return OK;
  }
}

/** Code of an enclave of Open Enclave: its gate, and the functions of a test. */
export function openEnclaveCode({ initialize, ecalls = [], handleException }: PeerFunctions): EnclaveCode {
  let depth = 0;
  return function* code(entry, memory) {
    const called = Number((entry.rdi >> 32n) & 0xffffn);
    const inside = new Inside(memory, entry.rdx);
    function* done(work: Work | undefined, otherwise: bigint): WorkSteps {
      const steps = work?.(inside, entry.rsi) ?? otherwise;
      return typeof steps === 'bigint' ? steps : yield* steps;
    }
    const answer = (value: bigint | Step, result = 0): Step =>
      typeof value === 'bigint' ? { rdi: word(2, called, result), rsi: value } : value;
    if (entry.rdi >> 48n !== 1n) throw new Error('not an ECALL');
    if (called === 3) return answer(yield* done(handleException, 0n));
    // The SDK refuses a call amid a call of the same thread: OE_REENTRANT_ECALL.
    if (depth > 0) return answer(0n, 4);
    depth += 1;
    try {
      if (called === 1) return answer(yield* done(initialize, 0n));
      if (called !== 2) return answer(0n, 9);
      return answer(yield* done(ecalls[inside.values(entry.rsi).index], 9n));
    } finally {
      depth -= 1;
    }
  };
}

/** Values of a call: numbers at their offsets, and pieces, each from a multiple of 16 on. */
export function argumentsOf(
  headBytes: number,
  fields: readonly (readonly [offset: number, value: bigint])[],
  ...pieces: readonly Uint8Array[]
): Uint8Array {
  const round = (bytes: number): number => Math.ceil(bytes / 16) * 16;
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + round(piece.length), round(headBytes)));
  const view = new DataView(bytes.buffer);
  for (const [offset, value] of fields) view.setBigUint64(offset, value, true);
  let at = round(headBytes);
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += round(piece.length);
  }
  return bytes;
}
