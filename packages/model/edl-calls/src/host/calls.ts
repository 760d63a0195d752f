import type { ArenaImage, ArenaMemory, ArenaPatch } from '../arena/memory.ts';
import type { Abi } from '../layout/calls.ts';

/** What carries the ECALLs of one loaded enclave. */
export interface SgxCalls {
  /** Whose SDK the enclave is linked with. */
  readonly abi: Abi;
  /**
   * @param index of the ECALL
   * @param image what is put into the arena; absent when the call passes NULL. Its memory may be used again once it has been sent
   * @throws ENCLAVE_LOST and what else a transport throws when the call did not return
   */
  readonly ecall: (index: number, image: ArenaImage | undefined) => Promise<ReturnedEcall>;
  /** Frees memory of the arena that the enclave had the host reserve. */
  readonly free: (address: bigint) => Promise<void>;
}

/** What is left of an ECALL that returned. */
export interface ReturnedEcall {
  /** For the result alone, which may keep what it reads. */
  readonly memory: ArenaMemory;
  /** Where the image was put; 0 without one. */
  readonly address: bigint;
}

/** What serves the OCALLs of an enclave. */
export interface OcallServer {
  /**
   * @returns what is written over the memory of the call
   * @throws EDL_UNKNOWN_FUNCTION, EDL_VALUE_REFUSED; and what a handler throws
   */
  readonly ocall: (index: number, request: OcallRequest) => Promise<readonly ArenaPatch[]>;
}

export interface OcallRequest {
  readonly memory: ArenaMemory;
  /** Where the structure of the call begins; 0 for NULL. */
  readonly address: bigint;
  /** For ECALLs that are made while this OCALL is under way. */
  readonly calls: SgxCalls;
  /** Reserves memory of the arena, at a multiple of 16, which the enclave has the host free. */
  readonly allocate: (bytes: number) => bigint;
  /** Runs the handler, after the values were read. Absent: it just runs. */
  readonly run?: <T>(handler: () => T) => T;
}

/** A value now or later. */
export type Awaitable<T> = T | Promise<T>;
