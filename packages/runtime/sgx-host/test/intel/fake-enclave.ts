import { compileEdl, type EdlModel } from '@enclos/edl-compiler';
import { type BoundInterface, bindInterface, createEcalls, type SgxCalls, serveOcalls } from '@enclos/edl-calls/host';
import { EnclosError } from '@enclos/errors';
import { RequestKind } from '@enclos/sgx-stub/wire';
import type { AbiHost, AbiRuntime } from '../../src/abi/abi.ts';
import { Arena } from '../../src/arena/arena.ts';
import { ThreadPool } from '../../src/calls/pool.ts';
import { ThreadEvents } from '../../src/calls/thread-events.ts';
import { greetingsOf } from '../../src/gate/greeting.ts';
import { StubThread } from '../../src/gate/stub-thread.ts';
import { createIntelRuntime } from '../../src/intel/runtime.ts';
import {
  type FakeStub,
  type FakeStubOptions,
  type InsideThread,
  startFakeStub,
  type StubMemory,
} from '../fake-stub.ts';

const command = (number: number): bigint => BigInt.asUintN(64, BigInt(number));

/** Code inside of the fake enclave, during one ECALL. */
export interface Inside {
  readonly thread: InsideThread;
  readonly memory: StubMemory;
  /** Address of the structure of the call; 0n for NULL. */
  readonly ms: bigint;
  /** Puts a structure on the host's stack, makes an OCALL, and gives its status and what the host left of the structure. */
  readonly ocall: (
    index: number,
    structure: Uint8Array,
  ) => Promise<{ readonly status: number; readonly structure: DataView }>;
  /** Faults. @returns when the host has resumed; the handler's answer is `handled` */
  readonly fault: (vector: number, handled: number) => Promise<void>;
}

/** @returns the status */
export type TrustedFunction = (inside: Inside) => Promise<number> | number;

export interface FakeIntelEnclave {
  readonly trusted: readonly TrustedFunction[];
  readonly initialize?: (features: DataView) => number;
  /** What `pthread_create` threads do: the address of a thread that waits for the end, or 0n. */
  readonly threadStart?: (inside: Inside) => Promise<bigint>;
}

/** Plays the trusted runtime of Intel's SDK. */
export function playIntel(enclave: FakeIntelEnclave): (thread: InsideThread) => Promise<void> {
  return async (thread) => {
    for (;;) await entered(thread, enclave, await thread.next());
  };
}

type Request = Awaited<ReturnType<InsideThread['next']>>;

async function entered(thread: InsideThread, enclave: FakeIntelEnclave, request: Request): Promise<void> {
  const leave = (status: number): void => thread.exit({ rdi: command(-1), rsi: BigInt(status), rsp: request.rsp });
  const inside = insideOf(thread, enclave, request);
  const number = BigInt.asIntN(64, request.rdi);
  if (number === -1n) return leave(enclave.initialize?.(thread.memory.view(request.rsi, 176)) ?? 0);
  if (number === -6n) {
    const waiter = (await enclave.threadStart?.(inside)) ?? 0n;
    thread.memory.view(request.rsi, 8).setBigUint64(0, waiter, true);
    return leave(0);
  }
  const trusted = enclave.trusted[Number(number)];
  leave(trusted === undefined ? 0x1001 : await trusted(inside));
}

function insideOf(thread: InsideThread, enclave: FakeIntelEnclave, request: Request): Inside {
  const { memory } = thread;
  return {
    thread,
    memory,
    ms: request.rsi,
    async ocall(index, structure) {
      const rsp = ((request.rsp - BigInt(structure.length)) / 16n) * 16n;
      memory.write(rsp, structure);
      thread.exit({ rdi: BigInt(index), rsi: rsp, rsp, rbp: request.rbp });
      for (;;) {
        const back = await thread.next();
        if (back.rdi === command(-2)) {
          if (back.rsp !== rsp) throw new Error('The host changed the stack.');
          return { status: Number(back.rsi), structure: memory.view(rsp, structure.length) };
        }
        await entered(thread, enclave, back);
      }
    },
    async fault(vector, handled) {
      thread.exception(vector, { rsp: request.rsp });
      const handler = await thread.next();
      if (handler.rdi !== command(-3)) throw new Error('The host does not ask the handler.');
      thread.exit({ rdi: command(-1), rsi: BigInt(handled), rsp: handler.rsp });
      const resumed = await thread.next();
      if (resumed.kind !== RequestKind.RESUME) throw new Error('The host does not resume.');
    },
  };
}

export interface LoadedFake {
  readonly stub: FakeStub;
  readonly runtime: AbiRuntime;
  readonly host: AbiHost;
  readonly model: EdlModel;
  readonly reasons: string[];
  readonly failures: unknown[];
  readonly calls: SgxCalls;
  /** The ECALLs by name. */
  readonly ecalls: Readonly<Record<string, (values?: object) => Promise<unknown>>>;
  /** Ends a sleep early. */
  readonly sleeps: { readonly milliseconds: number; readonly end: () => void }[];
}

export interface FakeOptions extends Omit<FakeStubOptions, 'play'> {
  readonly edl: string;
  readonly handlers?: object;
  readonly enclave?: FakeIntelEnclave;
  readonly play?: FakeStubOptions['play'];
}

function interfaceOf(edl: string): BoundInterface {
  const { model, diagnostics } = compileEdl({ file: 'test.edl', read: () => edl, dialect: 'intel' });
  if (model === undefined) throw new Error(diagnostics.map(({ text }) => text).join('\n'));
  return bindInterface({ model, foreign: {}, userCheck: [] });
}

/** A runtime over a stub that is played here, without a platform. */
export async function loadFake({ edl, handlers = {}, enclave, play, ...options }: FakeOptions): Promise<LoadedFake> {
  const bound = interfaceOf(edl);
  const { model } = bound;
  const stub = startFakeStub({ ...options, play: play ?? playIntel(enclave ?? { trusted: [] }) });
  const hellos = await greetingsOf(stub.gates, stub.stackBytes);
  const reasons: string[] = [];
  const lose = (reason: string): Error => {
    reasons.push(reason);
    const error = new EnclosError('ENCLAVE_LOST', `The enclave is gone. ${reason}`);
    pool.close(error);
    events.close(error);
    for (const thread of threads) thread.fail(error);
    return error;
  };
  const threads = stub.gates.map((gate, i) => {
    const hello = hellos[i];
    if (hello === undefined) throw new Error('There is a greeting for each gate.');
    return new StubThread(gate, hello, (error) => lose(error.message));
  });
  const pool = new ThreadPool(threads);
  const events = new ThreadEvents(threads.map(({ tcs }) => tcs));
  const [first] = hellos;
  if (first === undefined) throw new Error('There is a thread.');
  const placeholder = (): never => {
    throw new Error('The runtime serves it.');
  };
  const names = model.ocalls.map(({ name }) => name);
  const all = { ...Object.fromEntries(names.map((name) => [name, placeholder])), ...handlers };
  const server = serveOcalls(bound, all);
  const host: AbiHost = {
    model,
    threads: pool,
    arena: new Arena({
      base: first.arenaBase,
      bytes: Number(first.arenaBytes),
      stacksBytes: stub.stackBytes * threads.length,
    }),
    events,
    enclave: { base: first.enclaveBase, bytes: first.enclaveBytes },
    handles: (index) => Object.hasOwn(handlers, names[index] ?? ''),
    serve: (index, request) => server.ocall(index, request),
    lost: (reason) => Promise.reject(lose(reason)),
  };
  const sleeps: { milliseconds: number; end: () => void }[] = [];
  const failures: unknown[] = [];
  const runtime = createIntelRuntime(host, {
    cpuid: (leaf, subleaf) => [leaf, subleaf, 0x4000_0000, 1],
    sleep: (milliseconds) => new Promise((end) => sleeps.push({ milliseconds, end })),
    failed: (error) => failures.push(error),
  });
  await runtime.start();
  const calls: SgxCalls = {
    abi: 'intel',
    ecall: (index, image) => runtime.ecall(index, image, {}),
    free: (address) => runtime.free(address),
  };
  return {
    stub,
    runtime,
    host,
    model,
    reasons,
    failures,
    calls,
    ecalls: createEcalls<Readonly<Record<string, (values?: object) => Promise<unknown>>>>(bound, calls),
    sleeps,
  };
}
