import { sdkForeignTypes } from './sdk-types.ts';

/**
 * What the compiler is told of names that C headers define: types (`pid_t`, `struct point`, `*handle_t` for what `handle_t` points
 * to) and constants.
 */
export type ForeignTypes = Readonly<Record<string, ForeignType>>;

/** Bytes of a size and alignment (`alignment` a power of two), another name for a type of C, or the value of a constant. */
export type ForeignType =
  | { readonly bytes: number; readonly alignment: number }
  /** As in a typedef: `uint32_t`, `struct point`, `char*`, `int[4]`, another foreign type. */
  | { readonly type: string }
  /** For a constant that a C header defines, such as the length of an array. */
  | { readonly value: number };

/** Names of the SDKs' headers, of the C library and of POSIX that are the same on every x86-64 Linux. What the caller says of a name comes first. */
export const knownForeignTypes: ForeignTypes = {
  ...sdkForeignTypes,
  intptr_t: { type: 'long' },
  uintptr_t: { type: 'unsigned long' },
  ptrdiff_t: { type: 'long' },
  intmax_t: { type: 'long' },
  uintmax_t: { type: 'unsigned long' },
  ssize_t: { type: 'long' },
  off_t: { type: 'long' },
  time_t: { type: 'long' },
  clock_t: { type: 'long' },
  suseconds_t: { type: 'long' },
  pid_t: { type: 'int' },
  uid_t: { type: 'unsigned int' },
  gid_t: { type: 'unsigned int' },
  mode_t: { type: 'unsigned int' },
  socklen_t: { type: 'unsigned int' },
  clockid_t: { type: 'int' },
};
