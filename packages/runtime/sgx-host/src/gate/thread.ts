import type { ArenaPatch } from '@enclos/edl-calls/host';
import type { ArenaRange, HostRegisters } from '@enclos/sgx-stub/wire';

export type { ArenaRange };

/** Bytes of the arena, as they were at one moment. */
export interface ArenaPiece {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** The registers that carry the calls of all SDKs. Unsigned. */
export type Registers = HostRegisters;

/** An entry (EENTER). Registers that it leaves out are 0, but for `rsp` and `rbp`, which are the top of the thread's stack. */
export interface EntryRequest extends Partial<Registers> {
  /** Written before the entry. */
  readonly writes?: readonly ArenaPatch[] | undefined;
  /** Memory that writes are parts of, and that nothing reads once it is sent: it is used again then. */
  readonly spent?: Uint8Array | undefined;
  /** Read after a final exit. At most 64. */
  readonly reads?: readonly ArenaRange[] | undefined;
  /** An exit is final when `(rdi & mask) === value`. Without it every exit is. */
  readonly final?: { readonly mask: bigint; readonly value: bigint } | undefined;
  /** An exit that is not final brings the stack from its RSP up to this address, within `exitStackBytes`. The default is `rsp`. */
  readonly stackTop?: bigint | undefined;
  /** At most 1 MiB; 64 KiB by default. */
  readonly exitStackBytes?: number | undefined;
  /** An exit that is not final brings so much of what RSI points to, if it is in the arena. At most 64 KiB; 0 by default. */
  readonly windowBytes?: number | undefined;
}

/** What an exit brings after a resumption. */
export type ResumeRequest = Pick<EntryRequest, 'reads' | 'final' | 'stackTop' | 'exitStackBytes' | 'windowBytes'>;

/** What came of an entry or a resumption. Each value is the enclave's word. */
export type EnclaveAnswer = ExitAnswer | ExceptionAnswer;

/** The enclave left by EEXIT. */
export interface ExitAnswer {
  readonly kind: 'exit';
  readonly isFinal: boolean;
  readonly registers: Registers;
  /** Interrupted entries of the thread (CSSA) that are left. */
  readonly interrupted: number;
  /** What was asked for, in order. Only of a final exit. */
  readonly reads: readonly Uint8Array[];
  /** The stack and the window, of an exit that is not final. They may overlap. */
  readonly pieces: readonly ArenaPiece[];
}

/** The enclave was interrupted (AEX): its host sees the exception at the AEP. */
export interface ExceptionAnswer {
  readonly kind: 'exception';
  /** As the processor numbers it: 0 #DE, 6 #UD, 13 #GP, 14 #PF, and others. */
  readonly vector: number;
  readonly registers: Registers;
  readonly interrupted: number;
  /** The page of a #PF, and 0 otherwise. */
  readonly faultAddress: bigint;
}

/** Memory that is written, and then read, outside of a call. */
export interface AccessRequest {
  readonly writes?: readonly ArenaPatch[];
  readonly reads?: readonly ArenaRange[];
}

/** Reads and writes the arena outside of a call. */
export type Access = (request: AccessRequest) => Promise<readonly Uint8Array[]>;

/**
 * One thread of an enclave: its TCS, and the gate to it. Requests wait for each other. A thread that is lost rejects them all with
 * ENCLAVE_LOST.
 */
export interface SgxThread {
  /** Its place in the order of the TCS pages. */
  readonly index: number;
  /** Address of the TCS, by which both SDKs name a thread to the host. */
  readonly tcs: bigint;
  /** Its untrusted stack in the arena, which grows down from `top`. */
  readonly stack: { readonly base: bigint; readonly top: bigint };
  enter(request: EntryRequest): Promise<EnclaveAnswer>;
  /** Goes on where the enclave was interrupted last (ERESUME). */
  resume(request?: ResumeRequest): Promise<EnclaveAnswer>;
  /** @returns what was read, in order. Only while the thread is outside of the enclave: otherwise it waits. */
  readonly access: Access;
  /**
   * As `access`, but what is wanted is asked for when the thread is outside of the enclave.
   *
   * @param wanted gives undefined when it is not wanted any more
   * @returns undefined when it was not wanted
   */
  accessLater(wanted: () => AccessRequest | undefined): Promise<readonly Uint8Array[] | undefined>;
}
