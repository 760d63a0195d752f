import { ByteStore } from './byte-store.ts';
import type { BodyLength } from './body-reader.ts';

const none = Buffer.alloc(0);

/** Collects the pieces of a body. A body that arrives in one piece is not copied. */
export class WholeBody {
  readonly #length: BodyLength;
  readonly #store: ByteStore;
  #only: Buffer | undefined;

  /** @param maxBytes of all pieces together. */
  constructor(length: BodyLength, maxBytes: number) {
    this.#length = length;
    this.#store = new ByteStore(length === 'chunked' ? maxBytes : length);
  }

  add(piece: Buffer): void {
    if (piece.length === this.#length) this.#only = piece;
    else this.#store.add(piece);
  }

  /** Returns all bytes and forgets them. */
  take(): Buffer {
    const only = this.#only ?? (this.#store.length > 0 ? this.#store.take() : none);
    this.#only = undefined;
    return only;
  }
}
