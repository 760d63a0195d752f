import assert from 'node:assert/strict';
import type { EdlModel } from '@enclos/edl-compiler';
import { EnclosError } from '@enclos/errors';
// Declares ENCLAVE_LOST.
import '@enclos/host';
import type { AbiHost } from '../src/abi/abi.ts';
import { Arena } from '../src/arena/arena.ts';
import { ThreadPool } from '../src/calls/pool.ts';
import { ThreadEvents } from '../src/calls/thread-events.ts';
import type {
  AccessRequest,
  ArenaPiece,
  ArenaRange,
  EnclaveAnswer,
  EntryRequest,
  Registers,
  SgxThread,
} from '../src/gate/thread.ts';

/** What an enclave does next: it leaves with these registers, or is interrupted. */
export type Step = Partial<Registers> | { readonly exception: number };

/** The code of an enclave: what it is entered with, what it leaves with, and so on. A return is the last exit. */
export type EnclaveCode = (entry: Registers, memory: PeerMemory) => Generator<Step, Step, Registers>;

const STACK_BYTES = 65_536;
const NO_REGISTERS: Registers = { rdi: 0n, rsi: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, rsp: 0n, rbp: 0n };

/** The arena as the enclave has it. */
export class PeerMemory {
  readonly base: bigint;
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(base: bigint, bytes: number) {
    this.base = base;
    this.bytes = new Uint8Array(bytes);
    this.view = new DataView(this.bytes.buffer);
  }

  has(address: bigint, bytes: number): boolean {
    return address >= this.base && address + BigInt(bytes) <= this.base + BigInt(this.bytes.length);
  }

  /** Where an address stands in {@link bytes}. */
  at(address: bigint, bytes = 0): number {
    assert.ok(this.has(address, bytes), `${bytes} bytes at ${address} are not in the arena`);
    return Number(address - this.base);
  }

  u64(address: bigint): bigint {
    return this.view.getBigUint64(this.at(address, 8), true);
  }

  setU64(address: bigint, value: bigint): void {
    this.view.setBigUint64(this.at(address, 8), value, true);
  }

  read(address: bigint, bytes: number): Uint8Array {
    const at = this.at(address, bytes);
    return this.bytes.slice(at, at + bytes);
  }

  write(address: bigint, bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at(address, bytes.length));
  }
}

/** A thread whose enclave is code of the test. It holds requests to what a gate holds them to. */
class ScriptedThread implements SgxThread {
  readonly index: number;
  readonly tcs: bigint;
  readonly stack: { readonly base: bigint; readonly top: bigint };
  readonly #memory: PeerMemory;
  readonly #code: EnclaveCode;
  /** Code that has left and will be entered again, the innermost last. */
  readonly #running: Generator<Step, Step, Registers>[] = [];
  #isInterrupted = false;
  #leaving: Pick<EntryRequest, 'reads' | 'final' | 'windowBytes'> = {};

  constructor(index: number, memory: PeerMemory, code: EnclaveCode) {
    this.index = index;
    this.tcs = 0x7f00_0000_0000n + BigInt(index) * 0x1000n;
    this.stack = {
      base: memory.base + BigInt(index * STACK_BYTES),
      top: memory.base + BigInt((index + 1) * STACK_BYTES),
    };
    [this.#memory, this.#code] = [memory, code];
  }

  async enter(request: EntryRequest): Promise<EnclaveAnswer> {
    await this.access({ writes: request.writes ?? [] });
    this.#leaving = request;
    const registers = { ...NO_REGISTERS, ...pick(request) };
    const isReturn = registers.rdi >> 48n === 4n || (this.#running.length > 0 && registers.rdi === 0n);
    const top = this.#running.at(-1);
    if (isReturn && top !== undefined && !this.#isInterrupted) return this.#answer(top.next(registers));
    const code = this.#code(registers, this.#memory);
    this.#running.push(code);
    this.#isInterrupted = false;
    return this.#answer(code.next(registers));
  }

  async resume(request: Pick<EntryRequest, 'reads' | 'final' | 'windowBytes'> = {}): Promise<EnclaveAnswer> {
    const top = this.#running.at(-1);
    assert.ok(top !== undefined, 'nothing to resume');
    this.#leaving = request;
    this.#isInterrupted = false;
    return this.#answer(top.next(NO_REGISTERS));
  }

  readonly access = async ({ writes = [], reads = [] }: AccessRequest): Promise<readonly Uint8Array[]> => {
    assert.ok(writes.length <= 64 && reads.length <= 64);
    for (const { address, bytes } of writes) this.#memory.write(address, bytes);
    return reads.map(({ address, bytes }) => this.#memory.read(address, bytes));
  };

  async accessLater(wanted: () => AccessRequest | undefined): Promise<readonly Uint8Array[] | undefined> {
    const request = wanted();
    return request === undefined ? undefined : this.access(request);
  }

  #answer({ done, value }: IteratorResult<Step, Step>): EnclaveAnswer {
    if ('exception' in value) {
      this.#isInterrupted = true;
      const { exception: vector } = value;
      return { kind: 'exception', vector, registers: NO_REGISTERS, interrupted: 1, faultAddress: 0n };
    }
    if (done === true) this.#running.pop();
    const registers = { ...NO_REGISTERS, ...value };
    const { final, reads = [], windowBytes = 0 } = this.#leaving;
    const isFinal = final === undefined || (registers.rdi & final.mask) === final.value;
    return {
      kind: 'exit',
      isFinal,
      registers,
      interrupted: 0,
      reads: isFinal ? reads.map((range) => this.#read(range)) : [],
      pieces: isFinal ? [] : this.#window(registers.rsi, windowBytes),
    };
  }

  #read({ address, bytes }: ArenaRange): Uint8Array {
    return this.#memory.read(address, bytes);
  }

  #window(address: bigint, bytes: number): readonly ArenaPiece[] {
    const { base, bytes: all } = this.#memory;
    const left = base + BigInt(all.length) - address;
    if (address < base || left <= 0n || bytes === 0) return [];
    const length = left < BigInt(bytes) ? Number(left) : bytes;
    return [{ address, bytes: this.#memory.read(address, length) }];
  }
}

function pick(request: Partial<Registers>): Partial<Registers> {
  return Object.fromEntries(
    Object.keys(NO_REGISTERS).flatMap((name) => {
      const value = request[name as keyof Registers];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export interface ScriptedEnclave {
  readonly host: AbiHost;
  readonly memory: PeerMemory;
  /** Why it was ended. */
  readonly reasons: readonly string[];
}

/** An enclave whose code is a test's, and the host that a runtime stands on. */
export function scriptedEnclave(
  code: EnclaveCode,
  {
    model,
    threads = 1,
    heapBytes = 256 * 1024,
    ...users
  }: {
    readonly model: EdlModel;
    readonly threads?: number;
    readonly heapBytes?: number;
    readonly handles?: AbiHost['handles'];
    readonly serve?: AbiHost['serve'];
  },
): ScriptedEnclave {
  const stacksBytes = threads * STACK_BYTES;
  const memory = new PeerMemory(0x10_0000n, stacksBytes + heapBytes);
  const all = Array.from({ length: threads }, (_, index) => new ScriptedThread(index, memory, code));
  const reasons: string[] = [];
  const events = new ThreadEvents(all.map(({ tcs }) => tcs));
  const pool = new ThreadPool(all);
  const host: AbiHost = {
    model,
    threads: pool,
    arena: new Arena({ base: memory.base, bytes: memory.bytes.length, stacksBytes }),
    events,
    enclave: { base: 0x7f00_0000_0000n, bytes: 0x100_0000n },
    handles: users.handles ?? (() => false),
    serve: users.serve ?? (() => Promise.resolve([])),
    async lost(reason) {
      reasons.push(reason);
      const error = new EnclosError('ENCLAVE_LOST', `The enclave is gone: ${reason}`);
      events.close(error);
      pool.close(error);
      return Promise.reject(error);
    },
  };
  return { host, memory, reasons };
}
