import { ByteStore } from '../reading/byte-store.ts';

const none = Buffer.alloc(0);

/** Bytes that the peer sent and the protocol has not read: the rest of one chunk, and the bytes after it. */
export class Input {
  #chunk: Buffer = none;
  #at = 0;
  readonly #later = new ByteStore();

  get length(): number {
    return this.#chunk.length - this.#at + this.#later.length;
  }

  add(bytes: Buffer): void {
    if (this.length > 0) return this.#later.add(bytes);
    // Usually read at once, and therefore not copied.
    this.#chunk = bytes;
    this.#at = 0;
  }

  /** @param read takes some bytes from an offset on, and returns the offset of the rest. */
  read(read: (chunk: Buffer, from: number) => number): void {
    if (this.#at === this.#chunk.length) {
      this.#chunk = this.#later.take();
      this.#at = 0;
    }
    this.#at = read(this.#chunk, this.#at);
    if (this.#at === this.#chunk.length) this.#drop();
  }

  clear(): void {
    this.#drop();
    this.#later.take();
  }

  /** Releases the memory of bytes that were read. */
  #drop(): void {
    this.#chunk = none;
    this.#at = 0;
  }
}
