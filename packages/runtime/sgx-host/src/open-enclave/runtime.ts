import {
  type ArenaImage,
  oeCallFailed,
  oeCallRecord,
  oeHead,
  OeResult,
  type ReturnedEcall,
} from '@enclos/edl-calls/host';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { AbiHost, AbiRuntime, CallContext } from '../abi/abi.ts';
import type { PlacedImage } from '../arena/arena.ts';
import { NestedCalls } from '../calls/nested.ts';
import type { ArenaPiece, ArenaRange, SgxThread } from '../gate/thread.ts';
import { CallContexts } from './call-contexts.ts';
import { EnclaveMemory } from './enclave-memory.ts';
import { type CallReturn, Entries, type Frame } from './entries.ts';
import { OcallDesk } from './ocalls.ts';
import type { SystemServices } from './system-ocalls.ts';
import { EnclaveFunction } from './words.ts';

/** What a runtime of Open Enclave's enclaves needs beside the enclave. */
export interface OpenEnclaveServices extends Omit<SystemServices, 'events' | 'base'> {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From which level on the enclave logs: `oe_log_level_t`, 0 none to 5 verbose. 3 (warning) by default. */
  readonly logLevel?: number | undefined;
}

const LOG_WARNING = 3;
/** What the host's `oe_enclave_t` is to an enclave: an address outside. It is passed back in some calls and leads to nothing. */
const HANDLE_BYTES = 16;

/**
 * Runs an enclave of Open Enclave, as its own host does (host/sgx): the calls of its gate, its exceptions, and the OCALLs of the SDK
 * itself for which the user has no handler.
 */
export function createOpenEnclaveRuntime(host: AbiHost, services: OpenEnclaveServices): AbiRuntime {
  return new OpenEnclaveRuntime(host, services);
}

class OpenEnclaveRuntime implements AbiRuntime {
  readonly abi = 'oe';
  readonly #host: AbiHost;
  readonly #services: OpenEnclaveServices;
  readonly #memory: EnclaveMemory;
  readonly #contexts: CallContexts;
  readonly #desk: OcallDesk;
  readonly #entries: Entries;

  constructor(host: AbiHost, services: OpenEnclaveServices) {
    this.#host = host;
    this.#services = services;
    this.#memory = new EnclaveMemory(host.arena, host.lost);
    this.#contexts = new CallContexts(host.arena);
    const callsDuring = (frame: Frame): NestedCalls => this.#callsDuring(frame);
    this.#desk = new OcallDesk({
      host,
      memory: this.#memory,
      services: { ...services, events: host.events, base: host.enclave.base },
      callsDuring,
    });
    this.#entries = new Entries(host, this.#desk.serve);
  }

  async start(): Promise<void> {
    const handle = this.#host.arena.heap.allocate(HANDLE_BYTES);
    await this.#host.threads.use(async (thread) => {
      const call = { function: EnclaveFunction.initialize, argument: handle };
      requireOk('oe_create_enclave', await this.#entries.run(this.#frame(thread, 0, {}), call));
    });
    await this.#startLog();
  }

  async ecall(index: number, image: ArenaImage | undefined, context: CallContext): Promise<ReturnedEcall> {
    const call = (thread: SgxThread): Promise<ReturnedEcall> =>
      this.#call(this.#frame(thread, 0, context), index, image);
    return this.#host.threads.use(call, context.signal);
  }

  async free(address: bigint): Promise<void> {
    await this.#memory.free(address);
  }

  #frame(thread: SgxThread, depth: number, call: CallContext): Frame {
    return { thread, context: this.#contexts.at(thread.index, depth), depth, call };
  }

  /** The SDK refuses calls amid a call of the same thread, with OE_REENTRANT_ECALL. It is the enclave that does. */
  #callsDuring({ thread, depth, call }: Frame): NestedCalls {
    return new NestedCalls({
      abi: this.abi,
      free: (address) => this.free(address),
      ecall: (index, image) => this.#call(this.#frame(thread, depth + 1, call), index, image),
    });
  }

  /** Has the enclave log, if its interface has logging.edl. One that refuses does not log (host/sgx/create.c, `oe_log_enclave_init`). */
  async #startLog(): Promise<void> {
    const index = this.#host.model.ecalls.findIndex(({ name }) => name === 'oe_log_init_ecall');
    const codec = this.#desk.bound.codec(this.abi).ecalls[index];
    if (codec === undefined) return;
    const log_level = this.#services.logLevel ?? LOG_WARNING;
    const { image, decodeResult } = codec.encodeArguments({ enclave_path: this.#host.model.name, log_level });
    try {
      const { memory, address } = await this.ecall(index, image, {});
      decodeResult(memory, address);
    } catch (error) {
      if (!isEnclosError(error, 'EDL_CALL_FAILED')) throw error;
      this.#services.failed(error);
    }
  }

  async #call(frame: Frame, index: number, image: ArenaImage | undefined): Promise<ReturnedEcall> {
    const name = this.#host.model.ecalls[index]?.name ?? `ECALL ${index}`;
    if (image === undefined) {
      throw new EnclosError('EDL_VALUE_REFUSED', `${name}: a call of Open Enclave has an image.`);
    }
    const placed = this.#host.arena.place(image);
    try {
      const reads = regionsOf(image, placed);
      const { start: argument, writes } = placed;
      const call = { function: EnclaveFunction.call, argument, writes, spent: image.bytes, reads };
      const returned = await this.#entries.run(frame, call);
      requireOk(name, returned);
      const { reads: read } = returned;
      const pieces = reads.map(({ address }, i): ArenaPiece => ({ address, bytes: read[i] ?? new Uint8Array() }));
      const deepCopies = await this.#deepCopies(frame.thread, read[1]);
      return { memory: this.#host.arena.snapshot([...pieces, ...deepCopies]), address: placed.address };
    } finally {
      this.#host.arena.heap.free(placed.address);
    }
  }

  /** What the enclave had the host reserve for outputs that lead to others: read now, since values are decoded later. */
  async #deepCopies(thread: SgxThread, output: Uint8Array | undefined): Promise<readonly ArenaPiece[]> {
    if (output === undefined || output.length < oeHead.bytes) return [];
    const head = new DataView(output.buffer, output.byteOffset, output.byteLength);
    const address = head.getBigUint64(oeHead.deepCopyBuffer, true);
    const bytes = head.getBigUint64(oeHead.deepCopyBytes, true);
    if (address === 0n || bytes === 0n) return [];
    const reserved = this.#memory.sizeOf(address);
    if (reserved === undefined || bytes > BigInt(reserved)) {
      return this.#host.lost('It returned values in memory that it did not have.');
    }
    const [copy] = await thread.access({ reads: [{ address, bytes: Number(bytes) }] });
    return copy === undefined ? [] : [{ address, bytes: copy }];
  }
}

/** The record of the call and its output buffer, which the enclave fills. */
function regionsOf({ bytes, start, pointers }: ArenaImage, placed: PlacedImage): readonly [ArenaRange, ArenaRange] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const output = pointers.find(({ at }) => at === start + oeCallRecord.output)?.target ?? start;
  const outputBytes = Number(view.getBigUint64(start + oeCallRecord.outputBytes, true));
  return [
    { address: placed.start, bytes: oeCallRecord.bytes },
    { address: placed.address + BigInt(output), bytes: outputBytes },
  ];
}

/** @throws EDL_CALL_FAILED when the gate or the function inside refused a call */
function requireOk(call: string, { result, value, failure }: CallReturn): void {
  if (result !== OeResult.ok) throw oeCallFailed(call, result, failure);
  if (value !== 0n) throw oeCallFailed(call, value, failure);
}
