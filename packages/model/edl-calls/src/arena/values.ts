import type { ArenaHandle } from './memory.ts';

/**
 * A value of C in TypeScript.
 *
 * | C | on the way out | accepted on the way in |
 * |---|---|---|
 * | integers up to 32 bits, `wchar_t`, enumerations, `float`, `double` | number | number |
 * | integers of 64 bits (`long`, `size_t`, ...) | bigint | bigint, or a number that is a safe integer |
 * | `bool` | boolean | boolean |
 * | `long double` (80 bits, and zeros for its padding), unions, foreign types of which only the size is known | Uint8Array of that size | the same |
 * | structures | object with every member | object; members that are only the size or count of another may be left out |
 * | many of: `char`, `unsigned char`, `uint8_t`, `void`, foreign types of which only the size is known | Uint8Array | the same |
 * | many other numbers | Int8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array | the same, or an array |
 * | many of anything else | array | array |
 * | strings, wide strings | string | string without NUL and lone surrogates |
 * | pointers that are NULL | null | null |
 * | pointers that are not checked | ArenaHandle | ArenaHandle, if named in `userCheck` |
 *
 * A parameter or member is "one" when it is a bare pointer without `size` and `count` (and not `void*`), else "many". With `size`,
 * a foreign type of which only the size is known, or nothing, is bytes.
 */
export type EdlValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | Uint8Array
  | NumberArray
  | ArenaHandle
  | readonly EdlValue[]
  | EdlObject;

/** Many numbers, but for bytes. */
export type NumberArray =
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** By the names of members or parameters. */
export interface EdlObject {
  readonly [name: string]: EdlValue;
}

/** What a caller gives, by the names of parameters. */
export type CallValues = Readonly<Record<string, unknown>>;
