import type { ArenaImage, ArenaPatch, ReturnedEcall } from '@enclos/edl-calls/host';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { AbiHost, AbiRuntime, CallContext } from '../abi/abi.ts';
import type { PlacedImage } from '../arena/arena.ts';
import { NestedCalls } from '../calls/nested.ts';
import type { ExceptionAnswer, ExitAnswer, SgxThread } from '../gate/thread.ts';
import type { Cpuid } from '../processor/cpuid.ts';
import { exceptionName } from '../processor/exception-names.ts';
import { EntryCommand, finalExit, ocallIndex, statusIn } from './commands.ts';
import { intelCallFailed, isFatal, SgxStatus, statusText } from './status.ts';
import { systemFeatures } from './system-features.ts';
import { systemOcalls } from './system-ocalls.ts';

/** What a runtime of enclaves of Intel's SDK needs beside the enclave. */
export interface IntelServices {
  readonly cpuid: Cpuid;
  /** Resolves after that time, or when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Takes what a handler of the user threw: the enclave learns only that it failed. */
  readonly failed: (error: unknown) => void;
}

/** Below the stack pointer of code that was interrupted: the red zone that it may use (System V ABI for AMD64, section 3.2.2). */
const RED_ZONE_BYTES = 128n;
const STACK_ALIGNMENT = 16n;
/** What a call needs of the stack at least. */
const LEAST_STACK_BYTES = 4096n;

/** An entry of a thread and all that happens until it returns. */
interface Frame {
  readonly thread: SgxThread;
  /** The stack pointer at the entry. What the enclave puts on its host's stack lies below. */
  readonly stackTop: bigint;
  readonly context: CallContext;
}

interface Entry {
  readonly rdi: bigint;
  readonly rsi: bigint;
  readonly writes?: readonly ArenaPatch[];
  readonly spent?: Uint8Array | undefined;
  readonly reads?: readonly { readonly address: bigint; readonly bytes: number }[];
}

interface EntryReturn {
  readonly status: number;
  readonly reads: readonly Uint8Array[];
  /** What the last handler threw. */
  readonly failure: unknown;
}

/** Runs an enclave of Intel's SDK as uRTS does: the calls of its gate, its exceptions, and the OCALLs of the SDK itself. */
export function createIntelRuntime(host: AbiHost, services: IntelServices): AbiRuntime {
  return new IntelRuntime(host, services);
}

class IntelRuntime implements AbiRuntime {
  readonly abi = 'intel';
  readonly #host: AbiHost;
  readonly #services: IntelServices;

  constructor(host: AbiHost, services: IntelServices) {
    [this.#host, this.#services] = [host, services];
  }

  async start(): Promise<void> {
    const features = systemFeatures(this.#services.cpuid);
    const { heap } = this.#host.arena;
    const address = heap.allocate(features.length);
    try {
      const { status } = await this.#host.threads.use((thread) =>
        this.#run(frameOf(thread), {
          rdi: EntryCommand.initialize,
          rsi: address,
          writes: [{ address, bytes: features }],
        }),
      );
      if (status !== SgxStatus.success) throw intelCallFailed('The initialisation', status);
    } finally {
      heap.free(address);
    }
  }

  ecall(index: number, image: ArenaImage | undefined, context: CallContext): Promise<ReturnedEcall> {
    return this.#host.threads.use((thread) => this.#call(frameOf(thread, context), index, image), context.signal);
  }

  /** Enclaves of Intel's SDK have their host reserve nothing: they use its stack. */
  async free(): Promise<void> {
    await this.#host.lost('It returned values in memory that it did not have.');
  }

  async #call(frame: Frame, index: number, image: ArenaImage | undefined): Promise<ReturnedEcall> {
    const { arena, model } = this.#host;
    const placed = image === undefined ? undefined : arena.place(image);
    try {
      const { start, writes, reads } = placed ?? nothingPlaced;
      const entry = { rdi: BigInt(index), rsi: start, writes, spent: image?.bytes, reads };
      const { status, reads: read, failure } = await this.#run(frame, entry);
      if (status !== SgxStatus.success) {
        throw intelCallFailed(model.ecalls[index]?.name ?? `ECALL ${index}`, status, failure);
      }
      const pieces = reads.map(({ address }, i) => ({ address, bytes: read[i] ?? new Uint8Array() }));
      return { memory: arena.snapshot(pieces), address: placed?.address ?? 0n };
    } finally {
      if (placed !== undefined) arena.heap.free(placed.address);
    }
  }

  /** Enters, and serves what the enclave asks for until it returns. @throws ENCLAVE_LOST */
  async #run({ thread, stackTop, context }: Frame, entry: Entry): Promise<EntryReturn> {
    const { reads } = entry;
    const leaving = { reads, final: finalExit, stackTop };
    let answer = await thread.enter({
      rdi: entry.rdi,
      rsi: entry.rsi,
      rsp: stackTop,
      rbp: stackTop,
      writes: entry.writes,
      spent: entry.spent,
      // Not a spread of `leaving`: members that follow a spread are added one by one, which takes longer than the whole entry.
      reads,
      final: finalExit,
      stackTop,
    });
    let failure: unknown;
    for (;;) {
      if (answer.kind === 'exception') {
        await this.#handleException(thread, answer, { stackTop, failure });
        answer = await thread.resume(leaving);
      } else if (answer.isFinal) {
        const status = statusIn(answer.registers.rsi);
        if (isFatal(status)) await this.#crashed(status, { failure });
        return { status, reads: answer.reads, failure };
      } else {
        const { rsp, rbp } = answer.registers;
        await this.#requireStack(thread, rsp, stackTop);
        const outcome = await this.#serve(thread, answer, context);
        failure = outcome.failure ?? failure;
        const { status, writes } = outcome;
        const [rdi, rsi] = [EntryCommand.ocallReturn, BigInt(status)];
        answer = await thread.enter({ rdi, rsi, rsp, rbp, writes, reads, final: finalExit, stackTop });
      }
    }
  }

  /**
   * Has the enclave look at an exception: its first pass prepares the thread, which goes on in the second (trts_veh.cpp). One that it
   * does not handle ends it, as on silicon, where its host dies of the signal.
   */
  async #handleException(
    thread: SgxThread,
    exception: ExceptionAnswer,
    { stackTop, failure }: { readonly stackTop: bigint; readonly failure: unknown },
  ): Promise<void> {
    const { rsp } = exception.registers;
    await this.#requireStack(thread, rsp, stackTop);
    const below = belowStack(rsp);
    const entry = { rdi: EntryCommand.exception, rsp: below, rbp: below, final: finalExit, exitStackBytes: 0 };
    const answer = await thread.enter(entry);
    const hasAnswered = answer.kind === 'exit' && answer.isFinal;
    const status = hasAnswered ? statusIn(answer.registers.rsi) : SgxStatus.enclaveCrashed;
    if (status === SgxStatus.success) return;
    await this.#crashed(status, { exception: exceptionName(exception.vector), failure });
  }

  /** Many enclaves abort when an OCALL fails, so the error of this call says what its handler threw. */
  async #crashed(
    status: number,
    { exception, failure }: { readonly exception?: string; readonly failure: unknown },
  ): Promise<never> {
    const why = exception === undefined ? '' : `It ended with an exception that it does not handle: ${exception}. `;
    try {
      return await this.#host.lost(`${why}Its calls are answered with ${statusText(status)}.`);
    } catch (error) {
      if (failure === undefined || !isEnclosError(error)) throw error;
      const { code, message, next, details } = error;
      throw new EnclosError(code, message, { next, details, cause: failure });
    }
  }

  async #serve(thread: SgxThread, exit: ExitAnswer, context: CallContext): Promise<Outcome> {
    const index = ocallIndex(exit.registers.rdi);
    const ocall = index >= 0n && index < BigInt(this.#host.model.ocalls.length) ? Number(index) : undefined;
    if (ocall === undefined) return { status: SgxStatus.invalidFunction, writes: [] };
    try {
      return { status: SgxStatus.success, writes: await this.#answerOf(thread, ocall, exit, context) };
    } catch (failure) {
      if (isEnclosError(failure) && failure.kind === 'lost') throw failure;
      this.#services.failed(failure);
      return { status: statusOf(failure), writes: [], failure };
    }
  }

  async #answerOf(
    thread: SgxThread,
    ocall: number,
    { registers, pieces }: ExitAnswer,
    context: CallContext,
  ): Promise<readonly ArenaPatch[]> {
    const { model, arena, events } = this.#host;
    const memory = arena.snapshot(pieces);
    const address = registers.rsi;
    const system = this.#host.handles(ocall) ? undefined : systemOcalls.get(model.ocalls[ocall]?.name ?? '');
    if (system !== undefined) {
      const { cpuid, sleep } = this.#services;
      const services = { events, cpuid, sleep, startThread: () => this.#startThread() };
      return memory.decode(thread.access, () => system({ memory, address }, services));
    }
    const nested = this.#nested(thread, registers.rsp, context);
    try {
      return await memory.decode(thread.access, () =>
        this.#host.serve(ocall, { memory, address, calls: nested.calls, allocate: refuseToAllocate }, context),
      );
    } finally {
      await nested.end();
    }
  }

  /** ECALLs during an OCALL, on its thread and below its stack. Which are allowed the enclave itself decides, too. */
  #nested(thread: SgxThread, rsp: bigint, context: CallContext): NestedCalls {
    const stackTop = belowStack(rsp);
    return new NestedCalls({
      abi: this.abi,
      free: () => this.free(),
      ecall: async (index, image) => {
        if (stackTop - thread.stack.base < LEAST_STACK_BYTES) {
          throw new EnclosError('SGX_ARENA_FULL', 'The untrusted stack of the thread has no room for another call.');
        }
        return this.#call({ thread, stackTop, context }, index, image);
      },
    });
  }

  /** Begins a thread that the enclave keeps ready (pthread.cpp), on one that is free. @returns an `sgx_status_t` */
  #startThread(): number {
    if (!this.#host.threads.hasFree) return SgxStatus.outOfTcs;
    void this.#runThread().catch((error: unknown) => this.#services.failed(error));
    return SgxStatus.success;
  }

  async #runThread(): Promise<void> {
    const { arena, threads, events } = this.#host;
    const bytes = 8;
    const address = arena.heap.allocate(bytes);
    try {
      const writes = [{ address, bytes: new Uint8Array(bytes) }];
      const entry = { rdi: EntryCommand.threadStart, rsi: address, writes, reads: [{ address, bytes }] };
      const {
        reads: [waiter],
      } = await threads.use((thread) => this.#run(frameOf(thread), entry));
      if (waiter === undefined) return;
      // The thread that joins this one, if it waits.
      const joins = new DataView(waiter.buffer, waiter.byteOffset).getBigUint64(0, true);
      if (events.has(joins)) events.set(joins);
    } finally {
      arena.heap.free(address);
    }
  }

  /** The enclave says where its host's stack ends now. */
  async #requireStack(thread: SgxThread, rsp: bigint, stackTop: bigint): Promise<void> {
    if (rsp >= thread.stack.base && rsp <= stackTop) return;
    await this.#host.lost('It left with a stack pointer that is not of its call.');
  }
}

interface Outcome {
  readonly status: number;
  readonly writes: readonly ArenaPatch[];
  readonly failure?: unknown;
}

const nothingPlaced: Omit<PlacedImage, 'address'> = { start: 0n, writes: [], reads: [] };

function frameOf(thread: SgxThread, context: CallContext = {}): Frame {
  return { thread, stackTop: thread.stack.top, context };
}

function belowStack(rsp: bigint): bigint {
  return ((rsp - RED_ZONE_BYTES) / STACK_ALIGNMENT) * STACK_ALIGNMENT;
}

/** What uRTS answers; a handler that fails has no status of Intel's. */
function statusOf(failure: unknown): number {
  if (isEnclosError(failure, 'EDL_UNKNOWN_FUNCTION')) return SgxStatus.invalidFunction;
  return isEnclosError(failure, 'EDL_VALUE_REFUSED') ? SgxStatus.invalidParameter : SgxStatus.unexpected;
}

function refuseToAllocate(): never {
  throw new EnclosError('EDL_VALUE_REFUSED', 'An OCALL of the SDK of Intel has its host reserve nothing.', {
    details: { path: 'allocate' },
  });
}
