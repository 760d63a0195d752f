import { EnclosError } from '@enclos/errors';

/** A data item of CBOR (RFC 8949), as far as evidence needs it: no floats, nothing of indefinite length. */
export type CborValue =
  | number
  | bigint
  | boolean
  | null
  | string
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<string | number, CborValue>
  | CborTagged;

export interface CborTagged {
  readonly tag: number;
  readonly value: CborValue;
}

const maximumDepth = 16;
const maximumItems = 4096;
const text = new TextDecoder('utf-8', { fatal: true });

/**
 * Decodes one data item that takes up all of `bytes`. Byte strings are views.
 * @throws CODEC_TRUNCATED, CODEC_TRAILING, CODEC_INVALID, CODEC_OUT_OF_RANGE
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const decoder = new Decoder(bytes);
  const value = decoder.item(0);
  decoder.end();
  return value;
}

export function isCborTagged(value: CborValue | undefined): value is CborTagged {
  return typeof value === 'object' && value !== null && 'tag' in value;
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #items = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  end(): void {
    if (this.#at === this.#bytes.length) return;
    throw new EnclosError('CODEC_TRAILING', 'Bytes follow the end of a CBOR item.');
  }

  item(depth: number): CborValue {
    this.#items += 1;
    if (depth > maximumDepth || this.#items > maximumItems) {
      throw new EnclosError('CODEC_OUT_OF_RANGE', 'CBOR with too many items, or nested too deeply.');
    }
    const initial = this.#view.getUint8(this.#advance(1));
    const argument = this.#argument(initial & 0x1f);
    switch (initial >> 5) {
      case 0:
        return argument;
      case 1:
        return typeof argument === 'bigint' ? -1n - argument : -1 - argument;
      case 2:
        return this.#string(argument);
      case 3:
        return this.#text(argument);
      case 4:
        return Object.freeze(Array.from({ length: this.#count(argument) }, () => this.item(depth + 1)));
      case 5:
        return this.#map(this.#count(argument), depth);
      case 6:
        return Object.freeze({ tag: Number(argument), value: this.item(depth + 1) });
      default:
        return simple(initial);
    }
  }

  #argument(information: number): number | bigint {
    if (information < 24) return information;
    if (information === 24) return this.#view.getUint8(this.#advance(1));
    if (information === 25) return this.#view.getUint16(this.#advance(2));
    if (information === 26) return this.#view.getUint32(this.#advance(4));
    if (information !== 27) throw new EnclosError('CODEC_INVALID', 'CBOR of indefinite length, or malformed.');
    const value = this.#view.getBigUint64(this.#advance(8));
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  /** Each item has a byte at least: a longer list cannot follow. */
  #count(argument: number | bigint): number {
    if (typeof argument === 'bigint' || argument > this.#bytes.length - this.#at) {
      throw new EnclosError('CODEC_TRUNCATED', 'CBOR with more items than bytes.');
    }
    return argument;
  }

  #string(argument: number | bigint): Uint8Array {
    const at = this.#advance(this.#count(argument));
    return this.#bytes.subarray(at, this.#at);
  }

  #text(argument: number | bigint): string {
    try {
      return text.decode(this.#string(argument));
    } catch (cause) {
      if (cause instanceof EnclosError) throw cause;
      throw new EnclosError('CODEC_INVALID', 'A CBOR text that is not UTF-8.', { cause });
    }
  }

  #map(count: number, depth: number): ReadonlyMap<string | number, CborValue> {
    const map = new Map<string | number, CborValue>();
    for (let i = 0; i < count; i++) {
      const key = this.item(depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number') {
        throw new EnclosError('CODEC_INVALID', 'A CBOR map with a key that is neither a text nor a small number.');
      }
      if (map.has(key)) throw new EnclosError('CODEC_INVALID', 'A CBOR map with a key that occurs twice.');
      map.set(key, this.item(depth + 1));
    }
    return map;
  }

  #advance(length: number): number {
    if (length > this.#bytes.length - this.#at) {
      throw new EnclosError('CODEC_TRUNCATED', 'CBOR ends before the item does.');
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

function simple(initial: number): boolean | null {
  if (initial === 0xf4) return false;
  if (initial === 0xf5) return true;
  if (initial === 0xf6 || initial === 0xf7) return null;
  throw new EnclosError('CODEC_INVALID', 'CBOR with a float or a simple value that evidence never has.');
}
