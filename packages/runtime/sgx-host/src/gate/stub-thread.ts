import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { giveBack } from '@enclos/edl';
import type { ArenaPatch } from '@enclos/edl-calls/host';
import { EnclosError } from '@enclos/errors';
import {
  AnswerKind,
  encodeGateRequest,
  gateAnswerReader,
  type GateAnswer,
  type GateHello,
  MAX_RANGES,
  parseGateAnswer,
  RefusalReason,
  RequestKind,
} from '@enclos/sgx-stub/wire';
import { readInto } from '@enclos/tee';
import type {
  AccessRequest,
  ArenaPiece,
  ArenaRange,
  EnclaveAnswer,
  EntryRequest,
  Registers,
  ResumeRequest,
  SgxThread,
} from './thread.ts';

/** What an exit that is not final brings of the stack, when its call says nothing: more is fetched when it is needed. */
const EXIT_STACK_BYTES = 65_536;

/** A request that is sent, or waits to be. */
interface Pending {
  /** Asked when it is this request's turn. */
  readonly make: () => GateMessage | undefined;
  readonly settle: (answer: GateAnswer | undefined) => void;
  readonly fail: (error: Error) => void;
}

type GateMessage = Parameters<typeof encodeGateRequest>[0] & Pick<EntryRequest, 'spent'>;

const nothing = new Uint8Array();
const noPatches: readonly ArenaPatch[] = [];
const noRanges: readonly ArenaRange[] = [];
const noPieces: readonly ArenaPiece[] = [];
const noLimits: ResumeRequest = {};

/** A thread whose gate is a stream to the stub. One request is under way; others wait in their order. */
export class StubThread implements SgxThread {
  readonly index: number;
  readonly tcs: bigint;
  readonly stack: { readonly base: bigint; readonly top: bigint };
  readonly #gate: Duplex;
  readonly #arena: { readonly base: bigint; readonly end: bigint };
  readonly #broke: (error: Error) => void;
  readonly #waiting: Pending[] = [];
  #current: { readonly pending: Pending; readonly message: GateMessage } | undefined;
  #readBytes = 0;
  #lost: Error | undefined;

  /**
   * @param gate after its greeting, with nothing read ahead
   * @param broke told once, when the gate ends or breaks its protocol
   */
  constructor(gate: Duplex, hello: GateHello, broke: (error: Error) => void) {
    this.index = hello.thread;
    this.tcs = hello.tcs;
    this.stack = { base: hello.stackBase, top: hello.stackBase + hello.stackBytes };
    this.#gate = gate;
    this.#arena = { base: hello.arenaBase, end: hello.arenaBase + hello.arenaBytes };
    this.#broke = broke;
    this.#listen();
  }

  enter(request: EntryRequest): Promise<EnclaveAnswer> {
    const { writes = noPatches } = request;
    return writes.length > MAX_RANGES ? this.#enterAfter(request, writes) : this.#run(this.#entry(request, writes));
  }

  resume(request: ResumeRequest = noLimits): Promise<EnclaveAnswer> {
    return this.#run(this.#outside(RequestKind.RESUME, noPatches, request));
  }

  readonly access = async (request: AccessRequest): Promise<readonly Uint8Array[]> => {
    const reads = await this.accessLater(() => request);
    return reads ?? [];
  };

  accessLater(wanted: () => AccessRequest | undefined): Promise<readonly Uint8Array[] | undefined> {
    return this.#submit(
      () => {
        const request = wanted();
        return request === undefined ? undefined : this.#outside(RequestKind.ACCESS, request.writes, request);
      },
      (answer) => {
        if (answer !== undefined && answer.kind !== AnswerKind.DATA) this.#refuse(answer);
        return answer?.reads;
      },
    );
  }

  /** Every member by its name: spreads would cost more than all that is sent. */
  #entry(
    request: EntryRequest,
    writes: readonly ArenaPatch[],
    kind: GateMessage['kind'] = RequestKind.ENTER,
  ): GateMessage {
    const { top } = this.stack;
    const rsp = request.rsp ?? top;
    return {
      kind,
      rdi: request.rdi ?? 0n,
      rsi: request.rsi ?? 0n,
      rdx: request.rdx ?? 0n,
      r8: request.r8 ?? 0n,
      r9: request.r9 ?? 0n,
      r10: request.r10 ?? 0n,
      rsp,
      rbp: request.rbp ?? top,
      spent: request.spent,
      writes: written(writes),
      reads: request.reads ?? noRanges,
      stackTop: request.stackTop ?? rsp,
      exitStackBytes: request.exitStackBytes ?? EXIT_STACK_BYTES,
      windowBytes: request.windowBytes ?? 0,
      finalMask: request.final?.mask ?? 0n,
      finalValue: request.final?.value ?? 0n,
    };
  }

  /** A request that sets no registers of the enclave. */
  #outside(
    kind: GateMessage['kind'],
    writes: readonly ArenaPatch[] | undefined,
    { reads, final, stackTop, exitStackBytes, windowBytes }: ResumeRequest,
  ): GateMessage {
    return this.#entry({ reads, final, stackTop, exitStackBytes, windowBytes }, writes ?? noPatches, kind);
  }

  async #enterAfter(request: EntryRequest, writes: readonly ArenaPatch[]): Promise<EnclaveAnswer> {
    return this.#run(this.#entry(request, await this.#writeAhead(writes)));
  }

  /** Writes what does not fit into the entry itself. @returns the rest, which goes with the entry */
  async #writeAhead(writes: readonly ArenaPatch[]): Promise<readonly ArenaPatch[]> {
    let rest = writes;
    while (rest.length > MAX_RANGES) {
      await this.access({ writes: rest.slice(0, MAX_RANGES) });
      rest = rest.slice(MAX_RANGES);
    }
    return rest;
  }

  /** Fails all requests, now and later. */
  fail(error: Error): void {
    this.#lost ??= error;
    const failed = [...(this.#current === undefined ? [] : [this.#current.pending]), ...this.#waiting.splice(0)];
    this.#current = undefined;
    for (const pending of failed) pending.fail(this.#lost);
  }

  /** Closes the gate, which ends the process: after it has ended, since its end by a gate would hide why it ends. */
  close(): void {
    this.#gate.destroy();
  }

  #run(message: GateMessage): Promise<EnclaveAnswer> {
    return this.#submit(
      () => message,
      (answer) => this.#answerOf(answer, message),
    );
  }

  #answerOf(answer: GateAnswer | undefined, message: GateMessage): EnclaveAnswer {
    if (answer === undefined) throw new Error('A message that is there was sent.');
    const { kind, cssa: interrupted, final: isFinal, reads } = answer;
    const registers = registersOf(answer);
    if (kind === AnswerKind.EXCEPTION) {
      return { kind: 'exception', vector: answer.reason, registers, interrupted, faultAddress: answer.faultPage };
    }
    if (kind !== AnswerKind.EXIT) this.#refuse(answer);
    return { kind: 'exit', isFinal, registers, interrupted, reads, pieces: this.#pieces(answer, message) };
  }

  /** What an answer brings, if it is what was asked for: the stub is as little trusted as the enclave. */
  #pieces(answer: GateAnswer, asked: GateMessage): readonly ArenaPiece[] {
    const isFinal = (answer.rdi & asked.finalMask) === asked.finalValue;
    if (answer.final !== isFinal) this.#violate('an exit that is not what was asked for');
    // Its parser lets none bring a stack or a window.
    if (isFinal) return noPieces;
    const stack = { address: answer.rsp, bytes: answer.stack };
    const window = { address: answer.rsi, bytes: answer.window };
    const stackEnd = stack.address + BigInt(stack.bytes.length);
    const isStack = stack.address >= this.stack.base && stackEnd <= asked.stackTop;
    if (stack.bytes.length > 0 && (!isStack || stack.bytes.length > asked.exitStackBytes)) {
      this.#violate('another stack than that of its thread');
    }
    const windowEnd = window.address + BigInt(window.bytes.length);
    const isInArena = window.address >= this.#arena.base && windowEnd <= this.#arena.end;
    if (window.bytes.length > 0 && (!isInArena || window.bytes.length > asked.windowBytes)) {
      this.#violate('memory that was not asked for');
    }
    return [stack, window].filter(({ bytes }) => bytes.length > 0);
  }

  /** @param take makes the result of the answer, which is undefined when `make` wanted none */
  #submit<T>(make: Pending['make'], take: (answer: GateAnswer | undefined) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) return reject(this.#lost);
      const settle = (answer: GateAnswer | undefined): void => {
        try {
          resolve(take(answer));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#waiting.push({ make, settle, fail: reject });
      this.#sendNext();
    });
  }

  #sendNext(): void {
    while (this.#current === undefined) {
      const pending = this.#waiting.shift();
      if (pending === undefined) return;
      try {
        const message = pending.make();
        if (message === undefined) pending.settle(undefined);
        else this.#send(pending, message);
      } catch (error) {
        // It cannot be encoded: nothing was sent.
        pending.fail(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  #send(pending: Pending, message: GateMessage): void {
    const parts = encodeGateRequest(message);
    this.#current = { pending, message };
    this.#readBytes = message.reads.reduce((sum, { bytes }) => sum + bytes, 0);
    const [first] = parts;
    if (first !== undefined && parts.length === 1) return void this.#gate.write(first);
    const { spent } = message;
    this.#gate.cork();
    for (const part of parts) this.#gate.write(part);
    // Not when the answer comes: a hostile process may give it before it has read all, and would get what is there then.
    if (spent !== undefined) this.#gate.write(nothing, (error) => this.#sent(spent, error));
    this.#gate.uncork();
  }

  #sent(spent: Uint8Array, error: Error | null | undefined): void {
    // Other streams may pass on the memory that they are given, and still report that they have written it.
    const isSent = error === null || error === undefined;
    if (isSent && this.#gate instanceof Socket) giveBack(spent);
  }

  #listen(): void {
    const reader = gateAnswerReader(() => this.#readBytes);
    readInto(this.#gate, () => reader.room);
    this.#gate.on('data', (chunk: Uint8Array) => {
      try {
        reader.push(chunk, (message, isOfChunk) => {
          const current = this.#current;
          if (current === undefined) return this.#violate('an answer without a request');
          const { header, body } = message;
          const lengths = current.message.reads.map(({ bytes }) => bytes);
          // A chunk is valid only until its listener returns. What is made of it has its own memory.
          const kept = isOfChunk && body.length > 0 ? new Uint8Array(body) : body;
          const answer = parseGateAnswer({ header, body: kept }, lengths);
          this.#current = undefined;
          current.pending.settle(answer);
          this.#sendNext();
        });
      } catch (error) {
        this.#broke(error instanceof Error ? error : new Error(String(error)));
      }
    });
    this.#gate.on('error', (error) => this.#broke(error));
    this.#gate.on('close', () => this.#broke(new Error('The gate has closed.')));
    this.#gate.resume();
  }

  #refuse({ kind, reason }: GateAnswer): never {
    if (kind !== AnswerKind.REFUSED) this.#violate('an answer of another kind than was asked for');
    return this.#violate(refusals.get(reason) ?? 'a refusal without a reason');
  }

  /** @throws SGX_WIRE_INVALID, after the enclave was given up */
  #violate(what: string): never {
    const error = new EnclosError('SGX_WIRE_INVALID', `The process of the enclave answered with ${what}.`);
    this.#broke(error);
    throw error;
  }
}

const refusals: ReadonlyMap<number, string> = new Map([
  [RefusalReason.RANGE, 'a refusal: memory outside of the arena was asked for'],
  [RefusalReason.COUNTS, 'a refusal: too many pieces of memory were asked for'],
  [RefusalReason.RSP, 'a refusal: the stack of the call is not that of the thread'],
  [RefusalReason.CSSA, 'a refusal: the thread was interrupted too often to enter again, or was not interrupted'],
]);

function written(writes: readonly ArenaPatch[]): GateMessage['writes'] {
  return writes.map(({ address, bytes }) => ({ address, content: bytes }));
}

function registersOf({ rdi, rsi, rdx, r8, r9, r10, rsp, rbp }: GateAnswer): Registers {
  return { rdi, rsi, rdx, r8, r9, r10, rsp, rbp };
}
