import type { AbiHost } from '../abi/abi.ts';
import type { ExitAnswer, SgxThread } from '../gate/thread.ts';
import { EdpError, usercallName, usercalls } from './usercalls.ts';
import { UserMemory } from './user-memory.ts';

/** The streams of an enclave of Fortanix EDP. */
export interface EdpStreams {
  /** @returns at most so many bytes; none at the end. Without it standard input is empty. */
  readonly read?: ((maxBytes: number) => Promise<Uint8Array>) | undefined;
  readonly write: (device: 'stdout' | 'stderr', bytes: Uint8Array) => void | Promise<void>;
}

/** How the program in an enclave ended. */
export interface EdpEnd {
  /** Whether it panicked. No exit code comes out of such an enclave. */
  readonly panicked: boolean;
}

/** Runs the program of one enclave. */
export interface EdpRuntime {
  /**
   * Enters the first thread, and serves its usercalls until it exits. Once: such a program cannot be entered again.
   *
   * @param args of the program, its name first; none by default
   * @throws ENCLAVE_LOST when it ends otherwise
   */
  run(args?: readonly string[]): Promise<EdpEnd>;
}

/** One read or write moves no more; the program goes on with the rest. */
const MAX_TRANSFER_BYTES = 65_536;
/** A debug enclave leaves there what it panicked of (enclave-runner, `DebugBuffer`). */
const PANIC_BYTES = 1024;
const STDIN = 0n;
const STDOUT = 1n;
const STDERR = 2n;
const NORMAL_EXIT = 0n;

/** RSI and RDX of a return. */
type UsercallReturn = readonly [bigint, bigint];

/** Runs an enclave of Fortanix EDP: the usercalls of {@link usercalls} that are served, and no others. */
export function createEdpRuntime(host: Pick<AbiHost, 'threads' | 'arena' | 'lost'>, streams: EdpStreams): EdpRuntime {
  return new ProgramRuntime(host, streams);
}

class ProgramRuntime implements EdpRuntime {
  readonly #host: Pick<AbiHost, 'threads' | 'arena' | 'lost'>;
  readonly #streams: EdpStreams;
  readonly #memory: UserMemory;

  constructor(host: Pick<AbiHost, 'threads' | 'arena' | 'lost'>, streams: EdpStreams) {
    this.#host = host;
    this.#streams = streams;
    this.#memory = new UserMemory(host.arena);
  }

  async run(args: readonly string[] = []): Promise<EdpEnd> {
    const [thread] = this.#host.threads.threads;
    if (thread === undefined) return this.#host.lost('It has no thread.');
    const panic = this.#host.arena.heap.allocate(PANIC_BYTES);
    await thread.access({ writes: [{ address: panic, bytes: new Uint8Array(PANIC_BYTES) }] });
    const placed = await this.#place(thread, args);
    let [rdi, rsi, rdx] = [placed, BigInt(args.length), 0n];
    for (;;) {
      const answer = await thread.enter({ rdi, rsi, rdx, r10: panic });
      if (answer.kind === 'exception') return this.#host.lost('It ended with an exception of the processor.');
      const { registers } = answer;
      if (registers.rdi === NORMAL_EXIT) return { panicked: false };
      const name = usercallName(registers.rdi);
      if (name === 'exit') return this.#end(thread, panic, registers.rsi !== 0n);
      if (name === undefined) return this.#host.lost('It made a usercall that does not exist.');
      if (usercalls[name] === 'ends') return this.#host.lost(`It made the usercall "${name}", which is not supported.`);
      [rsi, rdx] = await this.#serve(thread, name, answer);
      rdi = 0n;
    }
  }

  async #serve(thread: SgxThread, name: keyof typeof usercalls, { registers }: ExitAnswer): Promise<UsercallReturn> {
    const { rsi, rdx, r8 } = registers;
    switch (name) {
      case 'read':
        return this.#read(thread, rsi, { address: rdx, bytes: r8 });
      case 'write':
        return this.#write(thread, rsi, { address: rdx, bytes: r8 });
      case 'alloc': {
        const address = this.#memory.allocate(rsi, rdx);
        return address === undefined ? failed(EdpError.other) : [0n, address];
      }
      case 'free':
        if (!this.#memory.free(rsi, rdx, r8)) await this.#host.lost('It freed memory that it did not have.');
        return [0n, 0n];
      default:
        return usercalls[name] === 'ignored' ? [0n, 0n] : failed(EdpError.other);
    }
  }

  async #read(thread: SgxThread, stream: bigint, into: UserRange): Promise<UsercallReturn> {
    const bytes = this.#bounded(into);
    if (stream !== STDIN || bytes === undefined) return failed(EdpError.invalidInput);
    const read = (await this.#streams.read?.(bytes)) ?? new Uint8Array();
    const given = read.subarray(0, bytes);
    if (given.length > 0) await thread.access({ writes: [{ address: into.address, bytes: given }] });
    return [0n, BigInt(given.length)];
  }

  async #write(thread: SgxThread, stream: bigint, from: UserRange): Promise<UsercallReturn> {
    const bytes = this.#bounded(from);
    if ((stream !== STDOUT && stream !== STDERR) || bytes === undefined) return failed(EdpError.invalidInput);
    const [written] = bytes === 0 ? [] : await thread.access({ reads: [{ address: from.address, bytes }] });
    if (written !== undefined) await this.#streams.write(stream === STDOUT ? 'stdout' : 'stderr', written);
    return [0n, BigInt(written?.length ?? 0)];
  }

  /** @returns undefined for what is not in the arena */
  #bounded({ address, bytes }: UserRange): number | undefined {
    const bounded = bytes > MAX_TRANSFER_BYTES ? MAX_TRANSFER_BYTES : Number(bytes);
    return this.#host.arena.has(address, bounded) ? bounded : undefined;
  }

  /** Puts the arguments where the program takes them: an array of addresses and lengths, all of which it frees. */
  async #place(thread: SgxThread, args: readonly string[]): Promise<bigint> {
    if (args.length === 0) return 0n;
    const encoded = args.map((arg) => new TextEncoder().encode(arg));
    const array = new Uint8Array(16 * encoded.length);
    const view = new DataView(array.buffer);
    const writes = encoded.map((bytes, i) => {
      const address = this.#memory.reserve(BigInt(bytes.length), 1n);
      view.setBigUint64(16 * i, address, true);
      view.setBigUint64(16 * i + 8, BigInt(bytes.length), true);
      return { address, bytes };
    });
    const address = this.#memory.reserve(BigInt(array.length), 8n);
    // How many pieces one access moves is bounded.
    for (const write of [...writes, { address, bytes: array }]) await thread.access({ writes: [write] });
    return address;
  }

  async #end(thread: SgxThread, panic: bigint, panicked: boolean): Promise<EdpEnd> {
    if (panicked) {
      const [text] = await thread.access({ reads: [{ address: panic, bytes: PANIC_BYTES }] });
      const end = text?.indexOf(0) ?? 0;
      if (text !== undefined && end > 0) await this.#streams.write('stderr', text.subarray(0, end));
    }
    return { panicked };
  }
}

interface UserRange {
  readonly address: bigint;
  readonly bytes: bigint;
}

/** A result, and nothing beside it. */
function failed(error: number): UsercallReturn {
  return [BigInt(error), 0n];
}
