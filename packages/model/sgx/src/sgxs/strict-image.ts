import { EnclosError } from '@enclos/errors';
import { PageFlags } from '../constants.ts';
import type { EnclaveGeometry } from './read.ts';
import { HEADER_BYTES, MAX_RECORD_BYTES, recordTagAt } from './record.ts';
import { refuse, SgxsRules } from './rules.ts';

/** Room for this many times the bytes that have arrived. */
const GROWTH = 32;
/** But for so many at first. */
const FIRST_ROOM_BYTES = 65_536;

type MemoryFor = (sizeBytes: number) => Uint8Array;

/** The pages of an image of the strict profile, without the records around them. */
export interface StrictImage {
  readonly geometry: EnclaveGeometry;
  /** Bytes of all pages, page n at n * 4096. */
  readonly contentBytes: number;
  /** Up to `length` bytes of the content from `at` on; fewer at its end. A view of the image's own memory, or a copy. */
  readonly read: (at: number, length: number) => Uint8Array;
  /** SECINFO.FLAGS of each page. */
  readonly flagsOf: (page: number) => bigint;
}

/**
 * Reads a stream of the strict profile piece by piece, and moves its pages together as it goes: whatever the size of the image,
 * a piece costs its own length. The memory grows with the bytes that have arrived, up to the size of the stream.
 */
export class StrictImageReader {
  readonly #rules = new SgxsRules('strict');
  readonly #maxBytes: number;
  readonly #memoryFor: MemoryFor;
  #memory: Uint8Array = new Uint8Array();
  readonly #flags: number[] = [];
  #contentBytes = 0;
  /** Bytes of an incomplete record, after the content. */
  #carriedBytes = 0;
  #seenBytes = 0;
  #failure: EnclosError | undefined;

  /**
   * @param maxBytes bound on the whole stream.
   * @param memoryFor at least so many bytes, whatever they hold, which no other code uses. Default: new memory.
   */
  constructor(maxBytes: number, memoryFor: MemoryFor = (sizeBytes) => new Uint8Array(sizeBytes)) {
    this.#maxBytes = maxBytes;
    this.#memoryFor = memoryFor;
  }

  /**
   * Takes the next bytes; they are copied.
   * @throws SGXS_INVALID for a stream outside the profile, SGXS_TOO_LARGE beyond the bound. It stays refused.
   */
  push(chunk: Uint8Array): void {
    this.#guarded(() => {
      this.#seenBytes += chunk.length;
      if (this.#seenBytes > this.#maxBytes) {
        throw new EnclosError('SGXS_TOO_LARGE', `The stream is longer than ${this.#maxBytes} bytes.`);
      }
      const from = this.#contentBytes;
      const end = from + this.#carriedBytes + chunk.length;
      this.#makeRoom(end);
      const bytes = this.#memory.subarray(0, end);
      bytes.set(chunk, end - chunk.length);
      const at = this.#closeUp(bytes, from);
      bytes.copyWithin(this.#contentBytes, at);
      this.#carriedBytes = end - at;
    });
  }

  /** @throws SGXS_INVALID when the stream may not end here. */
  finish(): StrictImage {
    return this.#guarded(() => {
      if (this.#carriedBytes > 0) refuse('the stream ends inside a record.');
      this.#rules.end();
      const flags = Uint8Array.from(this.#flags);
      // No other code holds this memory.
      const content = this.#memory.subarray(0, this.#contentBytes);
      return Object.freeze({
        geometry: geometryOf(this.#rules),
        contentBytes: content.length,
        read: (at: number, length: number) => content.subarray(at, at + length),
        flagsOf: (page: number) => PageFlags.REG | BigInt(flags[page] ?? 0),
      });
    });
  }

  /**
   * Grows up to the bound. Fresh memory costs nothing until it is first written, so a large factor costs addresses, and a small one would copy
   * a large image several times. A resizable buffer would need no copy, but a view of one makes V8 read every
   * header of every image in this process several times slower.
   */
  #makeRoom(neededBytes: number): void {
    if (neededBytes <= this.#memory.length) return;
    const grown = this.#memoryFor(Math.min(this.#maxBytes, Math.max(GROWTH * neededBytes, FIRST_ROOM_BYTES)));
    grown.set(this.#memory);
    this.#memory = grown;
  }

  /** Accepts the records from `at`, moving their data down to the content. @returns where the first incomplete one is. */
  #closeUp(bytes: Uint8Array, from: number): number {
    let at = from;
    const view = new DataView(bytes.buffer, 0, bytes.length);
    while (isComplete(view, at)) {
      const kind = this.#rules.accept(view, at);
      if (kind === 'eextend') {
        // The rules give the offset, which is the end of the content.
        bytes.copyWithin(this.#rules.offset, at + HEADER_BYTES, at + MAX_RECORD_BYTES);
        this.#contentBytes = this.#rules.offset + MAX_RECORD_BYTES - HEADER_BYTES;
        at += MAX_RECORD_BYTES;
      } else {
        // The profile has no page but REG, whose permissions are the three lowest bits.
        if (kind === 'eadd') this.#flags.push(Number(this.#rules.pageFlags & 7n));
        at += HEADER_BYTES;
      }
    }
    return at;
  }

  #guarded<T>(body: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return body();
    } catch (error) {
      if (error instanceof EnclosError) this.#failure = error;
      throw error;
    }
  }
}

/** True when the record at `at` is complete: the rules see each record once. */
function isComplete(view: DataView, at: number): boolean {
  const available = view.byteLength - at;
  if (available >= MAX_RECORD_BYTES) return true;
  return available >= HEADER_BYTES && available >= HEADER_BYTES + recordTagAt(view, at).dataBytes;
}

export function geometryOf({ ssaFrameSize, sizeBytes }: SgxsRules): EnclaveGeometry {
  return Object.freeze({ ssaFrameSize, sizeBytes: BigInt(sizeBytes) });
}
