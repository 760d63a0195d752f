import { refuse } from './refusal.ts';
import { memoryFor } from './reuse.ts';

/** Small messages are written into memory of this size, one after the other. */
const SHARED_BYTES = 65_536;
/** A larger message gets separate memory, so that little of what is shared stays unused. */
const LARGEST_SHARING_BYTES = 16_384;
/** Room for the few bytes after a large value, so that they do not double the buffer. */
const SPARE_BYTES = 256;

/** The number of bytes of the minimal unsigned LEB128 form of `value` (below 2^35). */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/**
 * The memory that values are written into. Codecs write `bytes` after a `reserve`. Small messages lie side by side in memory
 * that no later one overwrites: V8 needs more time to allocate memory for each than to write it.
 */
export class Sink {
  bytes: Uint8Array = new Uint8Array(SHARED_BYTES);
  view: DataView = new DataView(this.bytes.buffer);
  at = 0;
  limit = 0;
  /** The memory of small messages. It is `bytes`, unless the current value is too large for it. */
  #shared: Uint8Array = this.bytes;
  /** Where the next value begins in the shared memory. */
  #next = 0;
  /** Where this value begins. */
  #start = 0;

  /** Makes room for `count` bytes and returns where they start. `bytes` may be another buffer, and `at` smaller, afterwards. */
  reserve(count: number): number {
    if (this.at + count > this.bytes.length) this.#grow(count);
    const at = this.at;
    this.at = at + count;
    return at;
  }

  /** Minimal unsigned LEB128. */
  varint(value: number): void {
    let at = this.reserve(varintBytes(value));
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[at] = rest;
  }

  /** The written bytes, which the sink no longer touches. */
  finish(): Uint8Array {
    const sizeBytes = this.at - this.#start;
    if (sizeBytes > this.limit) refuse(`${sizeBytes} bytes when encoded, at most ${this.limit}`);
    const isShared = this.bytes === this.#shared;
    const isHandedOver = isShared ? sizeBytes <= LARGEST_SHARING_BYTES : 2 * sizeBytes > this.bytes.length;
    if (!isHandedOver) return this.bytes.slice(this.#start, this.at);
    if (isShared) this.#next = this.at;
    // Earlier content of the memory must not follow the message.
    else this.bytes.fill(0, this.at);
    return this.bytes.subarray(this.#start, this.at);
  }

  /** Prepares for the next value. The bytes of one that was refused may be secret, so they are cleared. */
  clear(): void {
    // Nothing is allocated here: that could start the garbage collector while the large buffer is still in use, and a buffer
    // that survives a collection is freed late and at a higher cost.
    if (this.bytes !== this.#shared) this.#use(this.#shared);
    else if (this.at > this.#next) this.bytes.fill(0, this.#next, this.at);
    this.at = this.#start = this.#next;
  }

  #grow(count: number): void {
    const written = this.bytes.subarray(this.#start, this.at);
    if (written.length > this.limit) refuse(`more than ${this.limit} bytes when encoded`);
    const needed = written.length + count;
    const isShared = needed <= LARGEST_SHARING_BYTES;
    const wanted = Math.max(needed + SPARE_BYTES, this.bytes === this.#shared ? 0 : 2 * this.bytes.length);
    const grown = isShared ? new Uint8Array(SHARED_BYTES) : memoryFor(wanted);
    grown.set(written);
    written.fill(0);
    if (isShared) this.#shared = grown;
    if (isShared) this.#next = 0;
    this.#start = 0;
    this.at = written.length;
    this.#use(grown);
  }

  #use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}
