import { memoryFor } from '@enclos/edl';
import type { ArenaImage } from '../arena/memory.ts';
import { refuse } from '../arena/refusal.ts';

/**
 * Alignment of every piece: what Open Enclave's generated code has (edger8r/common.h, OE_EDGER8R_BUFFER_ALIGNMENT), and enough for
 * every type of C.
 */
export const PIECE_ALIGNMENT = 16;

export function roundUpPiece(bytes: number): number {
  return Math.ceil(bytes / PIECE_ALIGNMENT) * PIECE_ALIGNMENT;
}

/** From this size on an image is built where one was that has been sent: fresh memory would take as long as the copy. */
const LARGE_BYTES = 262_144;

/** Bytes of an image, piece after piece, and the pointers among them. */
export class ImageBuilder {
  readonly maxBytes: number;
  readonly #path: string;
  readonly #pointers: { at: number; target: number }[] = [];
  #bytes: Uint8Array = new Uint8Array(1024);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;
  /** Without blank pieces at the end. */
  #filled = 0;

  /** @param path what is refused when the image gets too large */
  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.maxBytes = maxBytes;
  }

  /** Another one after each `reserve`. */
  get view(): DataView {
    return this.#view;
  }

  get length(): number {
    return this.#length;
  }

  /** @returns offset of a piece of zeros, a multiple of 16. @throws EDL_VALUE_REFUSED above the bound */
  reserve(bytes: number): number {
    const at = this.#grow(bytes);
    this.#bytes.fill(0, at, this.#filled);
    return at;
  }

  /** As `reserve`, for a piece whose bytes are there. */
  append(bytes: Uint8Array): number {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    this.#bytes.fill(0, at + bytes.length, this.#filled);
    return at;
  }

  /** Room for a piece, with anything in it. What is blank before it becomes zeros. */
  #grow(bytes: number): number {
    const [blank, at] = [this.#filled, this.reserveBlank(bytes)];
    this.#filled = this.#length;
    if (this.#filled > this.#bytes.length) {
      const wanted = Math.max(this.#filled, 2 * this.#bytes.length);
      const grown = wanted < LARGE_BYTES ? new Uint8Array(wanted) : memoryFor(wanted);
      grown.set(this.#bytes.subarray(0, blank));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#bytes.fill(0, blank, at);
    return at;
  }

  /** As `reserve`, for a piece that only the enclave writes: it has no bytes when nothing is reserved after it. */
  reserveBlank(bytes: number): number {
    const at = this.#length;
    const needed = at + roundUpPiece(bytes);
    if (needed > this.maxBytes) refuse(this.#path, `its values take more than ${this.maxBytes} bytes`);
    this.#length = needed;
    return at;
  }

  /** The pointer at `at` becomes the address of `target`. */
  point(at: number, target: number): void {
    this.#pointers.push({ at, target });
  }

  /** A copy of a piece. */
  slice(at: number, bytes: number): Uint8Array {
    return this.#bytes.slice(at, at + bytes);
  }

  /** The last step: the image has the builder's memory. */
  finish(start: number): ArenaImage {
    const pointers = this.#pointers.toSorted((a, b) => a.at - b.at);
    const bytes = this.#bytes.subarray(0, this.#filled);
    const blankBytes = this.#length - this.#filled;
    return { bytes, pointers, start, ...(blankBytes === 0 ? {} : { blankBytes }) };
  }
}
