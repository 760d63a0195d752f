import { refuse } from './refusal.ts';

/** Bytes to be put into the arena of an enclave's process, and the pointers among them. */
export interface ArenaImage {
  readonly bytes: Uint8Array;
  /** How much of the image follows `bytes`, and only the enclave writes it. Absent: nothing. */
  readonly blankBytes?: number;
  /** At `at`, 8 bytes become the address of `target`, both offsets in the image. Ascending by `at`. */
  readonly pointers: readonly { readonly at: number; readonly target: number }[];
  /** Where the structure of the call begins (`ms` of Intel's SDK, the call's arguments of Open Enclave). */
  readonly start: number;
  /** Large pieces that need not be carried, ascending. Absent when there are none. */
  readonly spared?: SparedPieces;
}

/** How many bytes of the arena an image takes. */
export function imageBytes({ bytes, blankBytes = 0 }: ArenaImage): number {
  return bytes.length + blankBytes;
}

/** Pieces of an image, as offsets in it, that say nothing in one direction. */
export interface SparedPieces {
  /** The enclave only writes them: they need not be put into the arena. */
  readonly outputs: readonly ImagePiece[];
  /** The enclave only reads them: they need not be read afterwards. */
  readonly inputs: readonly ImagePiece[];
}

export interface ImagePiece {
  readonly at: number;
  readonly bytes: number;
}

/**
 * Memory of the enclave's process that the host may see. What is read came from the enclave: every address and length in it is
 * hostile.
 */
export interface ArenaMemory {
  /** @returns bytes that do not change any more; the reader does not change them. @throws EDL_VALUE_REFUSED when a byte of it is not in the arena */
  readonly read: (address: bigint, bytes: number) => Uint8Array;
  /** @returns how many bytes can be read from an address on; 0 when it is not in the arena */
  readonly reach: (address: bigint) => number;
}

/** Bytes to be written over what the enclave passed, at addresses that it passed. */
export interface ArenaPatch {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** Memory in the arena that the caller reserved, for `user_check`. Never an address of the host's own process. */
export interface ArenaHandle {
  readonly address: bigint;
  /** 0 for what an enclave passed: only the address is known. */
  readonly bytes: number;
}

/**
 * An arena as one piece of bytes.
 *
 * @param bytes what stands there; later changes are seen
 * @param base address of the first byte
 */
export function arenaMemory(bytes: Uint8Array, base: bigint): ArenaMemory {
  const reach = (address: bigint): number => {
    const offset = address - base;
    return offset < 0n || offset > BigInt(bytes.length) ? 0 : bytes.length - Number(offset);
  };
  return {
    reach,
    read: (address, length) => {
      if (length > reach(address)) refuse('The memory', `${length} bytes at an address that is not in the arena`);
      const from = length === 0 ? 0 : Number(address - base);
      // A Node Buffer's slice() shares memory: this one's copies.
      return Uint8Array.prototype.slice.call(bytes, from, from + length);
    },
  };
}
