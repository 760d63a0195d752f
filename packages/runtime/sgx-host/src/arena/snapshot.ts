// Declares EDL_VALUE_REFUSED.
import '@enclos/edl';
import type { ArenaMemory } from '@enclos/edl-calls/host';
import { EnclosError } from '@enclos/errors';
import type { Access, ArenaPiece } from '../gate/thread.ts';

/** How often one decoding may ask for more. What is asked for grows, so that more rounds only help what is scattered. */
const MAX_ROUNDS = 32;
/** What is read beyond what was asked for: twice as much each time. */
const FIRST_AHEAD_BYTES = 4096;
const MAX_AHEAD_BYTES = 1024 * 1024;
/** What one decoding may read of an enclave's memory. The bound of the codec is smaller: it counts what is used. */
const MAX_FETCHED_BYTES = 64 * 1024 * 1024;

/** Memory that no answer has brought yet. */
class MissingMemory extends Error {
  readonly memory: SnapshotMemory;
  readonly address: bigint;
  readonly bytes: number;

  constructor(memory: SnapshotMemory, address: bigint, bytes: number) {
    super('This memory of the enclave has not been read.');
    [this.memory, this.address, this.bytes] = [memory, address, bytes];
  }
}

/** Whether work failed only because memory was not read yet: {@link SnapshotMemory.decode} does it again. */
export function isMissingMemory(error: unknown): boolean {
  return error instanceof MissingMemory;
}

/**
 * The arena as one call saw it. An address is read once: what the enclave writes there later does not change what was decoded.
 * Decode by {@link decode}, which fetches what the answers did not bring.
 */
export class SnapshotMemory implements ArenaMemory {
  readonly #base: bigint;
  readonly #end: bigint;
  /** Ascending, and no two overlap. */
  readonly #pieces: ArenaPiece[] = [];

  /**
   * @param arena all addresses that may be read
   * @param pieces what is known already; where two overlap the first counts. Pieces outside of the arena are refused.
   * @throws EDL_VALUE_REFUSED
   */
  constructor(arena: { readonly base: bigint; readonly bytes: number }, pieces: readonly ArenaPiece[] = []) {
    this.#base = arena.base;
    this.#end = arena.base + BigInt(arena.bytes);
    for (const piece of pieces) this.#add(piece);
  }

  reach(address: bigint): number {
    return address < this.#base || address > this.#end ? 0 : Number(this.#end - address);
  }

  read(address: bigint, bytes: number): Uint8Array {
    if (bytes > this.reach(address)) refuse(`${bytes} bytes at an address that is not in the arena`);
    const only = this.#pieces[this.#firstEndingAfter(address)];
    // A view: the answer's memory is this snapshot's alone, and decoders take values out of it.
    if (only !== undefined && only.address <= address && address + BigInt(bytes) <= endOf(only)) {
      const from = Number(address - only.address);
      return only.bytes.subarray(from, from + bytes);
    }
    const whole = new Uint8Array(bytes);
    let at = address;
    const end = address + BigInt(bytes);
    for (let i = this.#firstEndingAfter(address); at < end; i += 1) {
      const piece = this.#pieces[i];
      if (piece === undefined || piece.address > at) throw new MissingMemory(this, at, Number(end - at));
      const from = Number(at - piece.address);
      const part = piece.bytes.subarray(from, from + Number(end - at));
      whole.set(part, Number(at - address));
      at += BigInt(part.length);
    }
    return whole;
  }

  /**
   * Runs work that reads this memory, again and again until nothing is missing.
   *
   * @param work has no effect before it has read everything that it will read
   * @throws what the work throws; EDL_VALUE_REFUSED when it needs too much
   */
  async decode<T>(access: Access, work: () => T | Promise<T>): Promise<T> {
    let [ahead, fetched] = [FIRST_AHEAD_BYTES, 0];
    for (let round = 0; ; round += 1) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof MissingMemory) || error.memory !== this) throw error;
        if (round >= MAX_ROUNDS) refuse(`what it leads to is scattered over more than ${MAX_ROUNDS} places`);
        const bytes = Math.min(Math.max(error.bytes, ahead), this.reach(error.address));
        fetched += bytes;
        if (fetched > MAX_FETCHED_BYTES) refuse(`it leads to more than ${MAX_FETCHED_BYTES} bytes`);
        const [piece] = await access({ reads: [{ address: error.address, bytes }] });
        if (piece === undefined || piece.length !== bytes) refuse('the memory could not be read');
        this.#add({ address: error.address, bytes: piece });
        ahead = Math.min(2 * ahead, MAX_AHEAD_BYTES);
      }
    }
  }

  /** Keeps of a piece what is new. */
  #add({ address, bytes }: ArenaPiece): void {
    if (bytes.length > this.reach(address)) refuse(`${bytes.length} bytes at an address that is not in the arena`);
    const end = address + BigInt(bytes.length);
    let at = address;
    for (let i = this.#firstEndingAfter(address); at < end; i += 1) {
      const known = this.#pieces[i];
      const gapEnd = known === undefined || known.address > end ? end : known.address;
      if (gapEnd > at) {
        const piece = bytes.subarray(Number(at - address), Number(gapEnd - address));
        this.#pieces.splice(i, 0, { address: at, bytes: piece });
        at = gapEnd;
      } else if (known !== undefined) at = endOf(known);
    }
  }

  /** Index of the first piece that ends above an address. */
  #firstEndingAfter(address: bigint): number {
    let [low, high] = [0, this.#pieces.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const piece = this.#pieces[middle];
      if (piece !== undefined && endOf(piece) <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function endOf({ address, bytes }: ArenaPiece): bigint {
  return address + BigInt(bytes.length);
}

function refuse(problem: string): never {
  throw new EnclosError('EDL_VALUE_REFUSED', `A call of the enclave: ${problem}.`, { details: { path: 'call' } });
}
