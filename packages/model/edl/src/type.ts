import { invalid, LARGEST_DEPTH, LARGEST_ENCODED_BYTES } from './definition.ts';
import type { Sink } from './sink.ts';
import type { Source } from './source.ts';

export type TypeKind =
  | 'boolean'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'bigint'
  | 'string'
  | 'bytes'
  | 'array'
  | 'record'
  | 'option'
  | 'union'
  | 'enumeration'
  | 'nothing';

/** Validates and writes, or checks and reads, one value. Both throw a Refusal. */
export interface Codec {
  readonly write: (sink: Sink, value: unknown) => void;
  readonly read: (source: Source) => unknown;
  /** The sizes of the shortest and longest encoding. */
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Levels of nested types, including this one. */
  readonly depth: number;
  /** Canonical text: two types share it when they accept the same values in the same encoding. */
  readonly describe: () => string;
}

export const codec: unique symbol = Symbol('enclos.edl.codec');
declare const carried: unique symbol;

/**
 * A bounded type of the interface: what may cross the boundary, and how large
 * it can get. Frozen, immutable, never recursive. `T` is the TypeScript type of
 * its values (see `Infer`).
 */
export interface Type<out T = unknown> {
  readonly kind: TypeKind;
  readonly [codec]: Codec;
  /** Never present: carries `T` for the compiler. */
  readonly [carried]?: { readonly value: T };
}

/** The TypeScript type of the values of a type. */
export type Infer<X> = X extends Type<infer T> ? T : never;

/** What a member, item or variant can be: anything but `nothing()`. */
export type Value = NonNullable<unknown> | undefined;

/** One object type instead of an intersection, for readable messages. */
export type Flatten<T> = { [K in keyof T]: T[K] } & NonNullable<unknown>;

/** Freezes a type after its size and depth are checked. */
export function defineType<T>(kind: TypeKind, parts: Codec): Type<T> {
  requireBoundedCodec(kind, parts);
  return Object.freeze({ kind, [codec]: Object.freeze(parts) });
}

/** @throws EDL_INVALID_INTERFACE when the largest encoding passes 2^31 bytes or the nesting passes 64 levels. */
export function requireBoundedCodec(kind: TypeKind, parts: Codec): void {
  if (parts.maxBytes > LARGEST_ENCODED_BYTES) {
    invalid(
      `A value of this ${kind} could take ${parts.maxBytes} bytes, at most ${LARGEST_ENCODED_BYTES}. Lower a bound.`,
    );
  }
  if (parts.depth > LARGEST_DEPTH) invalid(`This ${kind} is nested more than ${LARGEST_DEPTH} levels deep.`);
}

/** @throws EDL_INVALID_INTERFACE when `type` was not made by a builder of this package. */
export function codecOf(type: Type, what: string): Codec {
  if (typeof type !== 'object' || type === null || !Object.hasOwn(type, codec)) {
    return invalid(`${what} is not a type made by @enclos/edl, or by another copy of it.`);
  }
  return type[codec];
}

/** The codec of a type inside another one, where `nothing()` has no meaning. */
export function valueCodecOf(type: Type, what: string): Codec {
  const parts = codecOf(type, what);
  if (type.kind === 'nothing') invalid(`${what} is nothing(), which only a function can result in.`);
  return parts;
}
