import { plural, refuse } from './refusal.ts';

const LONGEST_VARINT_BYTES = 5;

/** Reads a value from untrusted bytes. No byte is read twice, and none past the end. */
export class Source {
  readonly bytes: Uint8Array;
  readonly end: number;
  /** The bytes were handed over for good: values may stay in their memory. */
  readonly isOurs: boolean;
  at = 0;

  constructor(bytes: Uint8Array, isOurs: boolean) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.isOurs = isOurs;
  }

  get remaining(): number {
    return this.end - this.at;
  }

  /** Moves past `count` bytes, if there are as many, and returns where they start. */
  take(count: number): number {
    const at = this.at;
    if (count > this.end - at) refuse(`the bytes end early: ${plural(count, 'byte')} wanted, ${this.end - at} left`);
    this.at = at + count;
    return at;
  }

  /** The next byte. */
  byte(): number {
    // Never undefined: take() has checked the offset.
    return this.bytes[this.take(1)] ?? 0;
  }

  /** Unsigned LEB128 below 2^35, in its minimal form only. */
  varint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let scale = 0x80, used = 1; used < LONGEST_VARINT_BYTES; scale *= 0x80, used++) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next >= 0x80) continue;
      if (next === 0) refuse('a number is not in its shortest form');
      return value;
    }
    return refuse(`a number takes more than ${LONGEST_VARINT_BYTES} bytes`);
  }
}
