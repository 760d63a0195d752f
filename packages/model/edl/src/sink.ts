import { refuse } from './refusal.ts';

const SMALLEST_BYTES = 1024;
const LARGEST_KEPT_BYTES = 65_536;
/** Room for the few bytes after a large value, so that they do not double the buffer. */
const SPARE_BYTES = 256;

/** The number of bytes of the minimal unsigned LEB128 form of `value` (below 2^35). */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** The growing buffer that a value is written into. Codecs write `bytes` after a `reserve`. */
export class Sink {
  /** Allocates memory, whose bytes may be anything: the result ends where the value ends. */
  static take: (sizeBytes: number) => Uint8Array = (sizeBytes) => new Uint8Array(sizeBytes);
  bytes: Uint8Array = new Uint8Array(SMALLEST_BYTES);
  view: DataView = new DataView(this.bytes.buffer);
  at = 0;
  limit = 0;
  /** The buffer that is reused. It is `bytes`, unless the current value is too large for a reused buffer. */
  #kept: Uint8Array = this.bytes;

  /** Makes room for `count` bytes and returns where they start. `bytes` may be another buffer afterwards. */
  reserve(count: number): number {
    const at = this.at;
    const end = at + count;
    if (end > this.bytes.length) this.#grow(end);
    this.at = end;
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

  /** The written bytes, which the sink no longer touches: a copy, or the buffer itself when `clear` drops it anyway. */
  finish(): Uint8Array {
    if (this.at > this.limit) refuse(`${this.at} bytes when encoded, at most ${this.limit}`);
    const handOver = this.bytes.length > LARGEST_KEPT_BYTES && 2 * this.at > this.bytes.length;
    // Earlier content of the memory must not follow the message.
    return handOver ? this.bytes.fill(0, this.at).subarray(0, this.at) : this.bytes.slice(0, this.at);
  }

  /** Prepares for the next value. The written bytes may be secret, so a reused buffer is cleared. */
  clear(): void {
    // Nothing is allocated here: that could start the garbage collector while the large buffer is still in use, and a buffer
    // that survives a collection is freed late and at a higher cost.
    if (this.bytes === this.#kept) this.bytes.fill(0, 0, this.at);
    else this.#use(this.#kept);
    this.at = 0;
  }

  #grow(needed: number): void {
    if (this.at > this.limit) refuse(`more than ${this.limit} bytes when encoded`);
    const grown = Sink.take(Math.max(needed + SPARE_BYTES, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes.fill(0);
    this.#use(grown);
    if (grown.length <= LARGEST_KEPT_BYTES) this.#kept = grown;
  }

  #use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}
