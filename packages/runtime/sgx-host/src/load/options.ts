import type { ArenaHandle, BoundInterface } from '@enclos/edl-calls/host';
import type { StartOptions } from '@enclos/host';
import type { EnclaveExit, IsolationLayer, LaunchedIdentity, SgxLauncher } from '@enclos/tee';
import type { InterfaceFileOptions } from './interface-file.ts';

/** OCALLs of the SDKs themselves, which are served without a handler. */
type SdkOcall = `oe_${string}` | 'sgx_oc_cpuidex' | `sgx_thread_${string}_ocall` | `pthread_${string}_ocall`;

/** Handlers of OCALLs; those of the SDK's own EDL files may be left out. */
export type OcallHandlers<O extends object> = Omit<O, SdkOcall> & Partial<O>;

/** Where the file of a signed enclave is, what starts it, and how. */
export interface SgxLaunchOptions extends StartOptions {
  /** Path of the signed file: an ELF file of Intel's SDK or of Open Enclave, or an SGXS stream. */
  readonly image: string;
  /** SIGSTRUCT, 1808 bytes, for a file that has none, or instead of the one that it has. */
  readonly signature?: Uint8Array | undefined;
  /** What starts the enclave: `startPlatform` of `@enclos/software-sgx`, `connectSoftwarePlatform` of `@enclos/tee`. */
  readonly launcher: SgxLauncher;
  /** Whether to start it in debug mode, in which it derives other keys. The signature must permit it. Default: false. */
  readonly debug?: boolean | undefined;
  /** How many of the threads of the enclave are used. Default: all that it has, at most 64. */
  readonly threads?: number | undefined;
  /** The size of each thread's stack outside of the enclave, on which it makes OCALLs; a multiple of 4096. Default: 1 MiB. */
  readonly stackBytes?: number | undefined;
  /** The size of the memory that the enclave shares with its host: all stacks, and the values of calls. Default: the stacks and 32 MiB. */
  readonly arenaBytes?: number | undefined;
  /**
   * Makes exits cheaper by patching their instruction in memory, after the enclave was measured. The process may then also make memory
   * executable (`mprotect`), which code in an enclave cannot do on SGX1. Default: false.
   */
  readonly fastExit?: boolean | undefined;
  /** CONFIGID, 64 bytes, and CONFIGSVN, of enclaves that were signed with KSS. */
  readonly configId?: Uint8Array | undefined;
  readonly configSvn?: number | undefined;
}

/** What a call of a signed enclave may take. */
export interface CallBounds {
  /** `Infinity`: any time. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SgxLoadOptions<E extends object, O extends object> extends SgxLaunchOptions, InterfaceFileOptions {
  /** The interface: the constant of a module that `enclos edl gen` wrote, or the path of the `.edl` file. */
  readonly edl: BoundInterface<E, O> | string;
  /** The functions that the host offers, by the names of their OCALLs. */
  readonly ocalls?: OcallHandlers<NoInfer<O>> | undefined;
  /**
   * How long a call without other bounds may take, and at most an eighth more; `Infinity`: any time. Default 60 seconds. An enclave that
   * was entered cannot be interrupted: when its call has taken too long, the caller goes on, and the thread is free again when the enclave
   * returns.
   */
  readonly callTimeoutMs?: number | undefined;
  /** What an enclave of Open Enclave prints, fit for a terminal. Default: to the standard streams of this process. */
  readonly print?: ((device: 'stdout' | 'stderr', text: string) => void) | undefined;
}

/** The ECALLs of an interface that was compiled at run time. Their values are checked by it. */
export type UntypedEcalls = Readonly<Record<string, (values?: object) => Promise<unknown>>>;

/** Memory that enclave and host share, for addresses that an interface does not check (`user_check`). */
export interface SharedMemory {
  /** Reserves memory, at a multiple of 16. Its content is what was there before. @throws SGX_ARENA_FULL */
  allocate(bytes: number): ArenaHandle;
  /** @param from offset in it; 0 by default. @returns `bytes` bytes, the rest of it by default. @throws HOST_OPTION_INVALID, ENCLAVE_LOST */
  read(memory: ArenaHandle, from?: number, bytes?: number): Promise<Uint8Array>;
  /** @param at offset in it; 0 by default. @throws HOST_OPTION_INVALID, ENCLAVE_LOST */
  write(memory: ArenaHandle, bytes: Uint8Array, at?: number): Promise<void>;
  /** @throws HOST_OPTION_INVALID for memory that is not reserved */
  free(memory: ArenaHandle): void;
}

/** A signed enclave that runs. */
export interface SgxEnclave<E extends object> {
  /** The public ECALLs by name. Every pending call rejects with `ENCLAVE_LOST` when the enclave ends. */
  readonly ecalls: E;
  /** The same ECALLs, within other bounds. */
  within(bounds: CallBounds): E;
  /** Measured by the platform; MRENCLAVE is that of its SIGSTRUCT. */
  readonly identity: LaunchedIdentity;
  readonly isolation: readonly IsolationLayer[];
  /** How many calls it serves at once. */
  readonly threads: number;
  readonly memory: SharedMemory;
  /** Settles when the enclave process has ended; never rejects. */
  readonly exited: Promise<EnclaveExit>;
  /** Ends the enclave and resolves when its process has ended. Idempotent. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
