import { ByteStore } from './byte-store.ts';

/** Requests that come ahead of the answer wait, up to here; beyond it, the client has to wait. */
const maxWaitingBytes = 16_384;

/** What came after the request under way. */
export class WaitingInput {
  /** What came with the end of the request. */
  #rest: Buffer | undefined;
  readonly #later = new ByteStore();

  get isEmpty(): boolean {
    return this.#rest === undefined && this.#later.length === 0;
  }

  get isFull(): boolean {
    return this.#later.length > maxWaitingBytes;
  }

  add(bytes: Uint8Array): void {
    this.#later.add(bytes);
  }

  /** Puts back what is left of what was taken last: it comes before all that waits. */
  putBack(rest: Buffer): void {
    this.#rest = rest;
  }

  take(): Buffer {
    const next = this.#rest ?? this.#later.take();
    this.#rest = undefined;
    return next;
  }

  clear(): void {
    this.#rest = undefined;
    this.#later.take();
  }
}
