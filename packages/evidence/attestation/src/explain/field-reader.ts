import { toHex } from '@enclos/codec';
import type { ExplainedField, FieldSpec } from './field.ts';

/** Reads fields one after the other, and stops for good where the bytes end. Never throws. */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;
  #ended = false;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#end = Math.min(end, bytes.length);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  /** True when a field did not fit: what follows has no place. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The bytes of the next field, which is then read; undefined when they are not all there. */
  bytes(sizeBytes: number): Uint8Array | undefined {
    if (this.#ended || sizeBytes > this.remaining) {
      this.#ended = true;
      return undefined;
    }
    this.#offset += sizeBytes;
    return this.#bytes.subarray(this.#offset - sizeBytes, this.#offset);
  }

  /** The value of a little-endian number that lies `at` bytes from here; undefined past the end. */
  peekNumber(at: number, sizeBytes: number): bigint | undefined {
    if (this.#ended || at + sizeBytes > this.remaining) return undefined;
    return littleEndian(this.#bytes.subarray(this.#offset + at, this.#offset + at + sizeBytes));
  }

  /** The next fields; after the last one that fits, a field that tells what is missing. */
  fields(specs: readonly FieldSpec[]): readonly ExplainedField[] {
    const fields: ExplainedField[] = [];
    for (const spec of specs) {
      if (this.#ended) break;
      fields.push(this.field(spec));
    }
    return fields;
  }

  field(spec: FieldSpec): ExplainedField {
    const { name, sizeBytes } = spec;
    const offset = this.#offset;
    const left = this.remaining;
    const bytes = this.bytes(sizeBytes);
    if (bytes === undefined) {
      return missingField(name, { offset, sizeBytes: left }, `${sizeBytes} bytes wanted, ${left} are left`);
    }
    return Object.freeze({ name, offset, sizeBytes, ...valueOf(spec, bytes) });
  }

  /** A group of the fields that `read` reads here. */
  group(name: string, read: () => readonly ExplainedField[]): ExplainedField {
    const offset = this.#offset;
    const fields = Object.freeze(read());
    return Object.freeze({ name, offset, sizeBytes: this.#offset - offset, value: '', fields });
  }
}

/** A field that could not be read, and why. */
export function missingField(
  name: string,
  place: Pick<ExplainedField, 'offset' | 'sizeBytes'>,
  problem: string,
): ExplainedField {
  return Object.freeze({ name, ...place, value: '', problem });
}

function valueOf(spec: FieldSpec, bytes: Uint8Array): Pick<ExplainedField, 'value' | 'meaning'> {
  const hex = toHex(bytes);
  if (spec.kind === 'number' || spec.kind === 'big-endian') {
    const number = spec.kind === 'number' ? littleEndian(bytes) : BigInt(`0x${hex}`);
    return withMeaning(String(number), spec.ofNumber?.(number));
  }
  if (spec.kind === 'reserved') return withMeaning(hex, /^0*$/.test(hex) ? 'zero' : 'not zero');
  return withMeaning(hex, spec.ofHex?.(hex));
}

function withMeaning(value: string, meaning: string | undefined): Pick<ExplainedField, 'value' | 'meaning'> {
  return meaning === undefined ? { value } : { value, meaning };
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
