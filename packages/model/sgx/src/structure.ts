import { ByteReader, ByteWriter, isZero } from '@enclos/codec';
import { EnclosError, type ErrorCode } from '@enclos/errors';

/** How one value lies in a structure. */
export interface Field<T> {
  readonly sizeBytes: number;
  readonly read: (reader: ByteReader) => T;
  readonly write: (writer: ByteWriter, value: T) => void;
}

export interface PlacedField<T> extends Field<T> {
  readonly offset: number;
}

export interface ParseOptions {
  /**
   * `zero` (the default) refuses a non-zero reserved byte, as the processor does for input from software. `ignore` is for
   * structures that were signed elsewhere and must be read as they are.
   */
  readonly reserved?: 'zero' | 'ignore';
}

/** A fixed-size structure. Everything that no field covers is reserved. */
export interface Structure<T> {
  readonly sizeBytes: number;
  readonly parse: (bytes: Uint8Array, options?: ParseOptions) => T;
  readonly encode: (value: T) => Uint8Array;
}

interface Layout<T> {
  /** The SDM's name, for messages. */
  readonly name: string;
  readonly sizeBytes: number;
  /** In order of offset. */
  readonly fields: { readonly [K in keyof T]-?: PlacedField<T[K]> };
  /** Throws for a value that the structure may not hold, before it is encoded and after it is parsed. */
  readonly check?: (value: T) => void;
  readonly invalid?: ErrorCode;
  readonly reservedNotZero?: ErrorCode;
}

export const u16: Field<number> = {
  sizeBytes: 2,
  read: (reader) => reader.u16(),
  write: (writer, value) => writer.u16(value),
};
export const u32: Field<number> = {
  sizeBytes: 4,
  read: (reader) => reader.u32(),
  write: (writer, value) => writer.u32(value),
};
export const u64: Field<bigint> = {
  sizeBytes: 8,
  read: (reader) => reader.u64(),
  write: (writer, value) => writer.u64(value),
};

export function bytes(sizeBytes: number): Field<Uint8Array> {
  return {
    sizeBytes,
    read: (reader) => reader.bytes(sizeBytes),
    write: (writer, value) => writer.fixed(value, sizeBytes),
  };
}

export function at<T>(offset: number, field: Field<T>): PlacedField<T> {
  return { ...field, offset };
}

/** Turns a table of fields into a codec with an exact length and checked reserved bytes. */
export function structure<T extends object>(layout: Layout<T>): Structure<T> {
  const { name, sizeBytes, fields, check } = layout;
  const invalid = layout.invalid ?? 'SGX_STRUCTURE_INVALID';
  const reservedNotZero = layout.reservedNotZero ?? 'SGX_RESERVED_NOT_ZERO';
  // Object.keys forgets the key type; `fields` has exactly the keys of T.
  const keys = Object.keys(fields) as (keyof T & string)[];
  // A copy of it has all keys from the start; to add them one by one to each value takes several times as long.
  const unread: Partial<T> = Object.fromEntries(keys.map((key) => [key, undefined])) as Partial<T>;

  function skipReserved(reader: ByteReader, end: number, ignore: boolean): void {
    const offset = reader.offset;
    if (ignore) {
      reader.skip(end - offset);
    } else if (!isZero(reader.view(end - offset))) {
      throw new EnclosError(reservedNotZero, `${name}: the reserved bytes at ${offset} to ${end - 1} are not zero.`);
    }
  }

  function parse(input: Uint8Array, options: ParseOptions = {}): T {
    if (input.length !== sizeBytes) {
      throw new EnclosError(invalid, `${name} is ${sizeBytes} bytes, not ${input.length}.`);
    }
    const reader = new ByteReader(input);
    const ignore = options.reserved === 'ignore';
    const value = { ...unread };
    for (const key of keys) {
      skipReserved(reader, fields[key].offset, ignore);
      value[key] = fields[key].read(reader);
    }
    skipReserved(reader, sizeBytes, ignore);
    // The loop above assigned every key of T.
    const parsed = value as T;
    check?.(parsed);
    return Object.freeze(parsed);
  }

  function encode(value: T): Uint8Array {
    check?.(value);
    const writer = new ByteWriter({ sizeHint: sizeBytes, maxBytes: sizeBytes });
    for (const key of keys) {
      writer.zeros(fields[key].offset - writer.length);
      writeField(writer, key, value);
    }
    return writer.zeros(sizeBytes - writer.length).finish();
  }

  function writeField(writer: ByteWriter, key: keyof T & string, value: T): void {
    try {
      fields[key].write(writer, value[key]);
    } catch (cause) {
      if (!(cause instanceof EnclosError)) throw cause;
      throw new EnclosError(invalid, `${name}.${key}: ${cause.message}`, { cause });
    }
  }

  return Object.freeze({ sizeBytes, parse, encode });
}
