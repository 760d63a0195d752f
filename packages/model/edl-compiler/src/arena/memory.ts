/** Bytes to be put into the arena of an enclave's process, and the pointers among them. */
export interface ArenaImage {
  readonly bytes: Uint8Array;
  /** At `at`, 8 bytes become the address of `target`, both offsets in `bytes`. Ascending by `at`. */
  readonly pointers: readonly { readonly at: number; readonly target: number }[];
  /** Where the structure of the call begins (`ms` of Intel's SDK, the call's arguments of Open Enclave). */
  readonly start: number;
}

/**
 * Memory of the enclave's process that the host may see. What is read came from the enclave: every address and length in it is
 * hostile.
 */
export interface ArenaMemory {
  /** @returns a copy. @throws EDL_VALUE_REFUSED when a byte of it is not in the arena */
  readonly read: (address: bigint, bytes: number) => Uint8Array;
}

/** Bytes to be written over what the enclave passed, at addresses that it passed. */
export interface ArenaPatch {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}
