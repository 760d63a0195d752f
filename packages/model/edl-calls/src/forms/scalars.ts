import { type BasicForm, basicForms } from '../layout/basic.ts';
import type { BasicTypeName, EnumModel } from '@enclos/edl-compiler';

/** A number, a truth or an enumerator: how it is checked, and how it stands in memory. */
export interface Scalar {
  readonly bytes: number;
  /** What is accepted, for a refusal: `an integer from 0 to 255`. */
  readonly wanted: string;
  readonly accepts: (value: unknown) => boolean;
  /** Writes a value that was accepted. */
  readonly set: (view: DataView, at: number, value: unknown) => void;
  /** @returns undefined for bytes that no value has */
  readonly get: (view: DataView, at: number) => number | bigint | boolean | undefined;
}

type Range = readonly [min: number, max: number];

const setters = {
  signed1: (view: DataView, at: number, value: number) => view.setInt8(at, value),
  signed2: (view: DataView, at: number, value: number) => view.setInt16(at, value, true),
  signed4: (view: DataView, at: number, value: number) => view.setInt32(at, value, true),
  unsigned1: (view: DataView, at: number, value: number) => view.setUint8(at, value),
  unsigned2: (view: DataView, at: number, value: number) => view.setUint16(at, value, true),
  unsigned4: (view: DataView, at: number, value: number) => view.setUint32(at, value, true),
};

const getters = {
  signed1: (view: DataView, at: number) => view.getInt8(at),
  signed2: (view: DataView, at: number) => view.getInt16(at, true),
  signed4: (view: DataView, at: number) => view.getInt32(at, true),
  unsigned1: (view: DataView, at: number) => view.getUint8(at),
  unsigned2: (view: DataView, at: number) => view.getUint16(at, true),
  unsigned4: (view: DataView, at: number) => view.getUint32(at, true),
};

const scalars = new Map<BasicTypeName, Scalar | undefined>();

/** @returns undefined for `void` and `long double`, which are bytes */
export function basicScalar(name: BasicTypeName): Scalar | undefined {
  if (!scalars.has(name)) scalars.set(name, makeScalar(basicForms[name]));
  return scalars.get(name);
}

function makeScalar({ kind, bytes }: BasicForm): Scalar | undefined {
  switch (kind) {
    case 'signed':
    case 'unsigned':
      return bytes === 8 ? wordScalar(kind === 'signed') : integerScalar(`${kind}${bytes}`, rangeOf(kind, bytes));
    case 'float':
      return floatScalar(bytes);
    case 'bool':
      return boolScalar;
    case 'void':
    case 'long double':
      return undefined;
  }
}

/** The least and greatest integer of up to 4 bytes. */
function rangeOf(kind: 'signed' | 'unsigned', bytes: number): Range {
  return kind === 'signed' ? [-(2 ** (8 * bytes - 1)), 2 ** (8 * bytes - 1) - 1] : [0, 2 ** (8 * bytes) - 1];
}

function integerScalar(kind: string, [min, max]: Range): Scalar {
  // The kinds and sizes of integers below 8 bytes are exactly these keys.
  const key = kind as keyof typeof setters;
  const [set, get] = [setters[key], getters[key]];
  return {
    bytes: Number(kind.at(-1)),
    wanted: `an integer from ${min} to ${max}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
    set: (view, at, value) => set(view, at, Number(value)),
    get,
  };
}

function wordScalar(isSigned: boolean): Scalar {
  const [min, max] = isSigned ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  const toBigint = (value: unknown): bigint | undefined =>
    typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(Number(value)) : undefined;
  return {
    bytes: 8,
    wanted: `a bigint, or a safe integer, from ${min} to ${max}`,
    accepts(value) {
      const wide = toBigint(value);
      return wide !== undefined && wide >= min && wide <= max;
    },
    set(view, at, value) {
      view.setBigUint64(at, BigInt.asUintN(64, toBigint(value) ?? 0n), true);
    },
    get: (view, at) => (isSigned ? view.getBigInt64(at, true) : view.getBigUint64(at, true)),
  };
}

function floatScalar(bytes: number): Scalar {
  return {
    bytes,
    wanted: 'a number',
    accepts: (value) => typeof value === 'number',
    set: (view, at, value) =>
      bytes === 4 ? view.setFloat32(at, Number(value), true) : view.setFloat64(at, Number(value), true),
    get: (view, at) => (bytes === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true)),
  };
}

/** Any byte but 0 and 1 is undefined behaviour for the code that reads it (C11, 6.2.6.1). */
const boolScalar: Scalar = {
  bytes: 1,
  wanted: 'a boolean',
  accepts: (value) => typeof value === 'boolean',
  set: (view, at, value) => view.setUint8(at, value === true ? 1 : 0),
  get(view, at) {
    const byte = view.getUint8(at);
    return byte > 1 ? undefined : byte === 1;
  },
};

/**
 * An enumeration is an `int`, or an `unsigned int` when no enumerator is negative, as gcc has it. A value is one of the
 * enumerators; where they are flags (three or more, each one bit), any of their sums; and where a C header defines one, any.
 */
export function enumScalar({ name, members }: EnumModel): Scalar {
  const values = members.map(({ value }) => value);
  const known = new Set(values);
  const isSigned = values.some((value) => value !== undefined && value < 0);
  const number = integerScalar(isSigned ? 'signed4' : 'unsigned4', rangeOf(isSigned ? 'signed' : 'unsigned', 4));
  const isOpen = known.has(undefined);
  const bits = flagsOf(values);
  const isMember = (value: number): boolean =>
    isOpen || known.has(value) || (bits !== 0 && (value | bits) >>> 0 === bits);
  return {
    ...number,
    wanted: `an enumerator of enum ${name}`,
    accepts: (value) => number.accepts(value) && isMember(Number(value)),
    get(view, at) {
      const value = number.get(view, at);
      return isMember(Number(value)) ? value : undefined;
    },
  };
}

/** All bits of an enumeration of flags; 0 for another one. */
function flagsOf(values: readonly (number | undefined)[]): number {
  const flags = values.filter((value) => value !== undefined && value !== 0);
  const isOneBit = (value: number | undefined): boolean =>
    value !== undefined && value > 0 && (value & (value - 1)) === 0;
  return flags.length >= 3 && flags.every(isOneBit)
    ? flags.reduce<number>((all, flag) => (all | (flag ?? 0)) >>> 0, 0)
    : 0;
}
