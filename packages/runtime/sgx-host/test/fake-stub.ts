import type { Duplex } from 'node:stream';
import { duplexPair } from '@enclos/testkit';
import {
  AnswerKind,
  encodeGateAnswer,
  encodeGateHello,
  type GateAnswer,
  gateRequestReader,
  type GateRequest,
  parseGateRequest,
  RequestKind,
} from '@enclos/sgx-stub/wire';
import type { Registers } from '../src/gate/thread.ts';

const none = { rdi: 0n, rsi: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, rsp: 0n, rbp: 0n };

/** A thread inside of the fake enclave. */
export interface InsideThread {
  readonly index: number;
  readonly tcs: bigint;
  readonly memory: StubMemory;
  /** The next entry or resumption. Memory requests in between are served. */
  next(): Promise<GateRequest>;
  /** Leaves. What the last request asked for goes with it. */
  exit(registers: Partial<Registers>): void;
  exception(vector: number, registers?: Partial<Registers>): void;
  /** Any answer. */
  answer(answer: Partial<GateAnswer>): void;
  /** Any bytes. */
  say(bytes: Uint8Array): void;
}

export interface StubMemory {
  read(address: bigint, bytes: number): Uint8Array;
  write(address: bigint, bytes: Uint8Array): void;
  view(address: bigint, bytes: number): DataView;
}

export interface FakeStubOptions {
  readonly threads?: number;
  readonly stackBytes?: number;
  readonly arenaBytes?: number;
  /** What a thread does, for as long as there is one. */
  readonly play: (thread: InsideThread) => Promise<void>;
}

export interface FakeStub {
  /** The host's ends, in the order of the threads. Greetings are on their way. */
  readonly gates: readonly Duplex[];
  readonly stackBytes: number;
  readonly arenaBytes: number;
  readonly memory: StubMemory;
  /** How many requests of each kind came. */
  readonly seen: { enter: number; resume: number; access: number; writtenBytes: number; readBytes: number };
  /** Ends the process. */
  end(): void;
}

export const fakeArenaBase = 0x7000_0000_0000n;
export const fakeEnclaveBase = 0x6000_0000_0000n;

/** The process of an enclave, played in this one: it keeps the rules of the gate, and leaves what is inside to `play`. */
export function startFakeStub({
  threads = 1,
  stackBytes = 65_536,
  arenaBytes = 2 ** 20,
  play,
}: FakeStubOptions): FakeStub {
  const bytes = new Uint8Array(arenaBytes);
  const offset = (address: bigint, length: number): number => {
    const at = Number(address - fakeArenaBase);
    if (at < 0 || at + length > arenaBytes) {
      throw new Error(`The enclave touches ${length} bytes outside of the arena.`);
    }
    return at;
  };
  const memory: StubMemory = {
    read: (address, length) => bytes.slice(offset(address, length), offset(address, length) + length),
    write: (address, given) => bytes.set(given, offset(address, given.length)),
    view: (address, length) => new DataView(bytes.buffer, offset(address, length), length),
  };
  const seen = { enter: 0, resume: 0, access: 0, writtenBytes: 0, readBytes: 0 };
  const gates = Array.from({ length: threads }, (_, thread) => {
    const [host, own] = duplexPair();
    const stackBase = fakeArenaBase + BigInt(thread * stackBytes);
    const hello = {
      thread,
      arenaBase: fakeArenaBase,
      arenaBytes: BigInt(arenaBytes),
      stackBase,
      stackBytes: BigInt(stackBytes),
      tcs: tcsOf(thread),
      enclaveBase: fakeEnclaveBase,
      enclaveBytes: 2n ** 24n,
      fastExit: false,
    };
    own.write(encodeGateHello(hello));
    void play(inside({ own, thread, memory, seen, stackTop: stackBase + BigInt(stackBytes), arenaBytes }));
    return { host, own };
  });
  return {
    gates: gates.map(({ host }) => host),
    stackBytes,
    arenaBytes,
    memory,
    seen,
    end() {
      for (const { own } of gates) own.destroy();
    },
  };
}

function tcsOf(thread: number): bigint {
  return fakeEnclaveBase + BigInt(0x1000 * (thread + 1));
}

interface Inside {
  readonly own: Duplex;
  readonly thread: number;
  readonly memory: StubMemory;
  readonly seen: FakeStub['seen'];
  readonly stackTop: bigint;
  readonly arenaBytes: number;
}

function inside({ own, thread, memory, seen, arenaBytes }: Inside): InsideThread {
  const requests: GateRequest[] = [];
  let wake: (() => void) | undefined;
  let last: GateRequest | undefined;
  const answer = (given: Partial<GateAnswer>): void => {
    const empty = {
      reason: 0,
      cssa: 0,
      faultPage: 0n,
      final: false,
      stack: new Uint8Array(),
      window: new Uint8Array(),
    };
    own.write(encodeGateAnswer({ kind: AnswerKind.EXIT, ...none, ...empty, reads: [], ...given }));
  };
  const reader = gateRequestReader(arenaBytes + 4096);
  own.on('data', (chunk: Uint8Array) => {
    reader.push(chunk, (message) => {
      const request = parseGateRequest({ header: message.header, body: Uint8Array.from(message.body) });
      for (const { address, content } of request.writes) {
        memory.write(address, content);
        seen.writtenBytes += content.length;
      }
      seen.readBytes += request.reads.reduce((sum, { bytes }) => sum + bytes, 0);
      if (request.kind === RequestKind.ACCESS) {
        seen.access += 1;
        return answer({
          kind: AnswerKind.DATA,
          reads: request.reads.map((range) => memory.read(range.address, range.bytes)),
        });
      }
      if (request.kind === RequestKind.ENTER) seen.enter += 1;
      else seen.resume += 1;
      requests.push(request);
      wake?.();
    });
  });
  return {
    index: thread,
    tcs: tcsOf(thread),
    memory,
    async next() {
      while (requests.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      last = requests.shift();
      if (last === undefined) throw new Error('There is a request.');
      return last;
    },
    exit(given) {
      const registers = { ...none, ...given };
      if (last === undefined) throw new Error('Nothing entered.');
      const final = (registers.rdi & last.finalMask) === last.finalValue;
      if (final) {
        return answer({
          ...registers,
          final,
          reads: last.reads.map((range) => memory.read(range.address, range.bytes)),
        });
      }
      const { stackTop, exitStackBytes } = last;
      const stackBytes = registers.rsp === 0n ? 0 : Math.min(exitStackBytes, Number(stackTop - registers.rsp));
      const windowBytes = registers.rsi >= fakeArenaBase ? last.windowBytes : 0;
      answer({
        ...registers,
        stack: memory.read(stackBytes === 0 ? fakeArenaBase : registers.rsp, Math.max(0, stackBytes)),
        window: memory.read(windowBytes === 0 ? fakeArenaBase : registers.rsi, windowBytes),
      });
    },
    exception: (vector, registers = {}) =>
      answer({ kind: AnswerKind.EXCEPTION, reason: vector, cssa: 1, rsp: last?.rsp ?? 0n, ...registers }),
    answer,
    say: (given) => own.write(given),
  };
}
