import { EnclosError } from '@enclos/errors';

/** Writes little-endian values into a buffer that grows up to `maxBytes`. */
export class ByteWriter {
  #buffer: Uint8Array;
  #view: DataView;
  #length = 0;
  readonly #maxBytes: number;

  constructor(options: { readonly sizeHint?: number; readonly maxBytes?: number } = {}) {
    this.#maxBytes = options.maxBytes ?? 2 ** 31;
    this.#buffer = new Uint8Array(Math.min(options.sizeHint ?? 64, this.#maxBytes));
    this.#view = new DataView(this.#buffer.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#integer(value, 0xff);
    // Reserving may replace the view, so it comes first.
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    this.#integer(value, 0xffff);
    const at = this.#reserve(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    this.#integer(value, 0xffff_ffff);
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(value: bigint): this {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) {
      throw new EnclosError('CODEC_OUT_OF_RANGE', 'Not an unsigned 64-bit integer.');
    }
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  /** Writes `value`, which must be exactly `length` bytes. */
  fixed(value: Uint8Array, length: number): this {
    if (value.length !== length) {
      throw new EnclosError('CODEC_OUT_OF_RANGE', `${length} bytes wanted, ${value.length} given.`);
    }
    return this.bytes(value);
  }

  zeros(length: number): this {
    this.#reserve(length);
    return this;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #integer(value: number, max: number): void {
    if (!Number.isInteger(value) || value < 0 || value > max) {
      throw new EnclosError('CODEC_OUT_OF_RANGE', `Not an integer from 0 to ${max}.`);
    }
  }

  #reserve(length: number): number {
    const at = this.#length;
    const needed = at + length;
    if (needed > this.#maxBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', `More than ${this.#maxBytes} bytes.`);
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, 2 * this.#buffer.length)));
      grown.set(this.#buffer.subarray(0, at));
      this.#buffer = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return at;
  }
}
