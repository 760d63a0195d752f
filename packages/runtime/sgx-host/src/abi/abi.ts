import type { Abi, ArenaImage, ArenaPatch, OcallRequest, ReturnedEcall } from '@enclos/edl-calls/host';
import type { EdlModel } from '@enclos/edl-compiler';
import type { Arena } from '../arena/arena.ts';
import type { ThreadPool } from '../calls/pool.ts';
import type { ThreadEvents } from '../calls/thread-events.ts';

/** What belongs to one ECALL, and to everything that happens during it. */
export interface CallContext {
  /** Ends the wait for a free thread. An enclave that was entered cannot be interrupted. */
  readonly signal?: AbortSignal | undefined;
  /** The observation of the call. */
  readonly observed?: unknown;
}

/** The runtime of one SDK's enclaves, on the host's side: one for each loaded enclave. */
export interface AbiRuntime {
  readonly abi: Abi;
  /** Initialises the enclave. Called once, before anything else. */
  start(): Promise<void>;
  /**
   * Makes an ECALL that the host may make at any time. It takes a thread, and gives back the memory of the image as the
   * enclave left it.
   *
   * @throws ENCLAVE_LOST, and an error that names the enclave's own answer when it refused the call
   */
  ecall(index: number, image: ArenaImage | undefined, context: CallContext): Promise<ReturnedEcall>;
  /** Frees memory that the enclave had the host reserve. An address that it did not get, or has freed, ends the enclave. */
  free(address: bigint): Promise<void>;
}

/** What a runtime stands on. */
export interface AbiHost {
  readonly model: EdlModel;
  readonly threads: ThreadPool;
  readonly arena: Arena;
  readonly events: ThreadEvents;
  /** The range of addresses of the enclave, all of which the host cannot touch. */
  readonly enclave: { readonly base: bigint; readonly bytes: bigint };
  /** Whether the user has a handler for this OCALL. Those of the SDK itself that have none are the runtime's. */
  readonly handles: (ocall: number) => boolean;
  /**
   * Has a handler of the user serve an OCALL.
   *
   * @returns what is written over the memory of the call
   * @throws what the handler throws; EDL_UNKNOWN_FUNCTION, EDL_VALUE_REFUSED
   */
  readonly serve: (ocall: number, request: OcallRequest, context: CallContext) => Promise<readonly ArenaPatch[]>;
  /**
   * Ends the enclave, because it broke the rules of its SDK or cannot go on, and fails all its calls.
   *
   * @param reason one sentence without a value of the enclave's
   * @throws ENCLAVE_LOST, with the reason
   */
  readonly lost: (reason: string) => Promise<never>;
}
