import type { Duplex } from 'node:stream';
import type { Attributes } from '@enclos/sgx';
import type { EnclaveExit, Isolation, IsolationLayer, LaunchedIdentity } from './launcher.ts';

/** The launch of a signed SGX image, as its SDK made it. */
export interface SgxLaunchRequest {
  /** The SGXS stream of the image, in pieces of whole records, each of at most 1 MiB. A piece must not change before the next is asked for. */
  readonly stream: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** The size of the enclave's range (SECS.SIZE): a power of two from 8192 to 64 GiB. */
  readonly enclaveBytes: bigint;
  /** How many threads may be inside at once, 1 to 64: the first of the TCS pages, in the order of the stream. */
  readonly threads: number;
  /** The size of each thread's stack outside of the enclave, a multiple of 4096. Default: 1 MiB. */
  readonly stackBytes?: number | undefined;
  /**
   * The size of the memory that enclave and host share, a multiple of 4096 and at most 1 GiB: the stacks of all threads, and then
   * what the host manages.
   */
  readonly arenaBytes: number;
  /** Replaces the instruction that leaves the enclave by a jump, in the memory of the enclave, after it is measured. */
  readonly fastExit: boolean;
  /** SIGSTRUCT, 1808 bytes. */
  readonly signature: Uint8Array;
  /** ATTRIBUTES of SECS, which the signature must permit. */
  readonly attributes: Attributes;
  readonly miscSelect: number;
  /** 64 bytes; needs KSS. */
  readonly configId?: Uint8Array | undefined;
  readonly configSvn?: number | undefined;
  readonly isolation: Isolation;
  readonly signal?: AbortSignal | undefined;
}

export interface LaunchedSgxEnclave {
  readonly identity: LaunchedIdentity;
  readonly isolation: readonly IsolationLayer[];
  /** One byte stream for each thread, paused. The end of any of them ends the enclave. A chunk may be valid only until its listener returns. */
  readonly gates: readonly Duplex[];
  /** Settles when the enclave process is gone; never rejects. */
  readonly exited: Promise<EnclaveExit>;
  /** Kills the enclave. Idempotent; resolves when it is gone. */
  terminate(): Promise<void>;
}

/** What starts SGX images, and quotes the reports that they make. */
export interface SgxLauncher {
  /**
   * Sends the image, has its signature checked as EINIT does, and starts it.
   * @throws SGX_EXECUTION_UNAVAILABLE where no SGX image runs; PLATFORM_UPLOAD_REFUSED, PLATFORM_BUSY, SGXS_INVALID,
   *   LAUNCH_IMAGE_REFUSED, LAUNCH_MEASUREMENT_MISMATCH, LAUNCH_DEBUG_REFUSED, LAUNCH_ATTRIBUTES_REFUSED, SIGSTRUCT_INVALID,
   *   SIGSTRUCT_SIGNATURE, ISOLATION_UNAVAILABLE, LAUNCH_PROCESS_ENDED, GATE_CANCELLED, TEE_PLATFORM_LOST
   */
  launchSgx(request: SgxLaunchRequest): Promise<LaunchedSgxEnclave>;
  /** TARGETINFO of the quoting enclave, 512 bytes. */
  quotingTarget(): Promise<Uint8Array>;
  /**
   * @param report for that target, 432 bytes.
   * @returns a quote.
   * @throws QUOTE_REPORT_REFUSED
   */
  quote(report: Uint8Array): Promise<Uint8Array>;
}
