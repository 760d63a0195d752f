import { EnclosError } from '@enclos/errors';

/** Alignment of everything that is reserved: enough for every type of C. */
export const ARENA_ALIGNMENT = 16;
/**
 * How many pieces are reserved at once. An enclave can have its host reserve the smallest ones until the arena is full, and the host
 * would hold more for them than the arena has.
 */
export const MAX_PIECES = 65_536;

/**
 * Reserves memory in a range of addresses that this process cannot touch. What it knows of it is kept here, where no enclave can
 * change it. First fit; neighbours that are free become one.
 */
export class ArenaAllocator {
  readonly base: bigint;
  readonly bytes: number;
  /** Offset and size of what is free, ascending, and no two adjacent. */
  readonly #free: { at: number; bytes: number }[];
  /** Sizes of what is reserved, by offset. */
  readonly #reserved = new Map<number, number>();

  /** @param bytes a multiple of 16 */
  constructor(base: bigint, bytes: number) {
    this.base = base;
    this.bytes = bytes;
    this.#free = bytes > 0 ? [{ at: 0, bytes }] : [];
  }

  /** How much is reserved now, in bytes. */
  get reservedBytes(): number {
    return this.bytes - this.#free.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** How many pieces are reserved now. */
  get reservedPieces(): number {
    return this.#reserved.size;
  }

  /** @returns an address that is a multiple of 16. @throws SGX_ARENA_FULL */
  allocate(bytes: number): bigint {
    const address = this.tryAllocate(bytes);
    if (address !== undefined) return address;
    if (this.#reserved.size >= MAX_PIECES) {
      throw new EnclosError('SGX_ARENA_FULL', `${MAX_PIECES} pieces are reserved, and no more can be.`);
    }
    const message = `${bytes} bytes do not fit: ${this.reservedBytes} of ${this.bytes} bytes are in use.`;
    throw new EnclosError('SGX_ARENA_FULL', message, { details: { bytes, arenaBytes: this.bytes } });
  }

  /** As {@link allocate}. @returns undefined when there is no room */
  tryAllocate(bytes: number): bigint | undefined {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new RangeError('A size in bytes is a number that is not negative.');
    }
    if (this.#reserved.size >= MAX_PIECES) return undefined;
    // Also an empty piece has its own address.
    const needed = Math.max(1, Math.ceil(bytes / ARENA_ALIGNMENT)) * ARENA_ALIGNMENT;
    const index = this.#free.findIndex((piece) => piece.bytes >= needed);
    const piece = this.#free[index];
    if (piece === undefined) return undefined;
    const { at } = piece;
    if (piece.bytes === needed) this.#free.splice(index, 1);
    else {
      piece.at += needed;
      piece.bytes -= needed;
    }
    this.#reserved.set(at, needed);
    return this.base + BigInt(at);
  }

  /** How many bytes are reserved at exactly this address; undefined when it was not given, or has been freed. */
  sizeOf(address: bigint): number | undefined {
    const offset = address - this.base;
    return offset < 0n || offset >= BigInt(this.bytes) ? undefined : this.#reserved.get(Number(offset));
  }

  /** @returns false for an address that {@link allocate} did not give, or that was freed already */
  free(address: bigint): boolean {
    const bytes = this.sizeOf(address);
    if (bytes === undefined) return false;
    const at = Number(address - this.base);
    this.#reserved.delete(at);
    const next = this.#indexAfter(at);
    const [before, after] = [this.#free[next - 1], this.#free[next]];
    const joinsBefore = before !== undefined && before.at + before.bytes === at;
    const joinsAfter = after !== undefined && at + bytes === after.at;
    if (joinsBefore) {
      before.bytes += bytes + (joinsAfter ? after.bytes : 0);
      if (joinsAfter) this.#free.splice(next, 1);
    } else if (joinsAfter) {
      after.at = at;
      after.bytes += bytes;
    } else this.#free.splice(next, 0, { at, bytes });
    return true;
  }

  /** Index of the first free piece above an offset. */
  #indexAfter(at: number): number {
    let [low, high] = [0, this.#free.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#free[middle]?.at ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
