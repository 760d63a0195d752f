import { refuse } from './refusal.ts';

const SMALLEST_BYTES = 1024;
const LARGEST_KEPT_BYTES = 65_536;
/** So that the few bytes behind a large buffer do not double it. */
const SPARE_BYTES = 256;

/** How many bytes the minimal unsigned LEB128 form of `value` (below 2^35) takes. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** The growing buffer that a value is written into. Codecs write `bytes` after a `reserve`. */
export class Sink {
  bytes: Uint8Array = new Uint8Array(SMALLEST_BYTES);
  view: DataView = new DataView(this.bytes.buffer);
  at = 0;
  limit = 0;

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

  /** What was written, which the sink no longer touches: a copy, or the buffer itself when `clear` drops it anyway. */
  finish(): Uint8Array {
    if (this.at > this.limit) refuse(`${this.at} bytes when encoded, at most ${this.limit}`);
    const handOver = this.bytes.length > LARGEST_KEPT_BYTES && 2 * this.at > this.bytes.length;
    return handOver ? this.bytes.subarray(0, this.at) : this.bytes.slice(0, this.at);
  }

  /** Makes ready for the next value. What was written may be secret, so a buffer that stays is cleared. */
  clear(): void {
    if (this.bytes.length > LARGEST_KEPT_BYTES) {
      this.bytes = new Uint8Array(SMALLEST_BYTES);
      this.view = new DataView(this.bytes.buffer);
    } else {
      this.bytes.fill(0, 0, this.at);
    }
    this.at = 0;
  }

  #grow(needed: number): void {
    if (this.at > this.limit) refuse(`more than ${this.limit} bytes when encoded`);
    const grown = new Uint8Array(Math.max(needed + SPARE_BYTES, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes.fill(0);
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}
