import { EnclosError } from '@enclos/errors';

/**
 * Reads little-endian values from untrusted bytes. Every read is checked
 * against the end before anything is allocated; slices are copies, so a later
 * change of the input cannot change a parsed value.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    // A Node Buffer is a Uint8Array whose slice() shares memory: this one's copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = start;
    this.#end = end;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.slice(at, at + length);
  }

  /** The next `length` bytes without a copy: only for bytes that no other code can write. */
  view(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** @throws CODEC_TRAILING when bytes are left. */
  end(): void {
    if (this.remaining !== 0) {
      throw new EnclosError('CODEC_TRAILING', `${this.remaining} bytes follow the end of the value.`);
    }
  }

  #advance(length: number): number {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new EnclosError('CODEC_OUT_OF_RANGE', 'A length is negative or not an integer.');
    }
    if (length > this.remaining) {
      throw new EnclosError(
        'CODEC_TRUNCATED',
        `${length} bytes wanted at offset ${this.#offset}, ${this.remaining} left.`,
      );
    }
    const at = this.#offset;
    this.#offset += length;
    return at;
  }
}
