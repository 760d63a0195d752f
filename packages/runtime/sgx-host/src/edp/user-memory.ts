import { ARENA_ALIGNMENT } from '../arena/allocator.ts';
import type { Arena } from '../arena/arena.ts';

const MAX_ALIGNMENT = 4096n;

/** Memory of the arena that an enclave has by `alloc`, and gives back by `free`. */
export class UserMemory {
  readonly #arena: Arena;
  /** What was reserved for it, and the size that was asked for, by its address. */
  readonly #owned = new Map<bigint, { readonly piece: bigint; readonly size: bigint; readonly alignment: bigint }>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** @returns undefined when there is no room, or such an alignment is not given */
  allocate(size: bigint, alignment: bigint): bigint | undefined {
    const isPower = alignment > 0n && (alignment & (alignment - 1n)) === 0n;
    if (!isPower || alignment > MAX_ALIGNMENT || size > BigInt(this.#arena.bytes)) return undefined;
    return this.#give(this.#arena.heap.tryAllocate(pieceBytes(size, alignment)), size, alignment);
  }

  /** @param alignment a power of two. @throws SGX_ARENA_FULL */
  reserve(size: bigint, alignment: bigint): bigint {
    return this.#give(this.#arena.heap.allocate(pieceBytes(size, alignment)), size, alignment);
  }

  #give<T extends bigint | undefined>(piece: T, size: bigint, alignment: bigint): T | bigint {
    if (piece === undefined) return piece;
    const address = ((piece + alignment - 1n) / alignment) * alignment;
    this.#owned.set(address, { piece, size, alignment });
    return address;
  }

  /** @returns false for what {@link allocate} did not give, or gave otherwise */
  free(address: bigint, size: bigint, alignment: bigint): boolean {
    // Nothing stands at NULL.
    if (address === 0n) return true;
    const owned = this.#owned.get(address);
    if (owned === undefined || owned.size !== size || owned.alignment !== alignment) return false;
    this.#owned.delete(address);
    return this.#arena.heap.free(owned.piece);
  }
}

/** What is reserved begins at a multiple of {@link ARENA_ALIGNMENT}, and has room to begin later. */
function pieceBytes(size: bigint, alignment: bigint): number {
  return Number(size + (alignment > BigInt(ARENA_ALIGNMENT) ? alignment : 0n));
}
