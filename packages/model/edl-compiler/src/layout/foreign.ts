/** What the compiler is told of types that C headers define, by name. */
export type ForeignTypes = Readonly<Record<string, ForeignType>>;

/** Bytes of a size and alignment (`alignment` a power of two), or another name for a type of C. */
export type ForeignType =
  | { readonly bytes: number; readonly alignment: number }
  /**
   * As in a typedef: `uint32_t`, `struct point`, `char*`, `int[4]`, another foreign type. What an `isptr` type points at is read from
   * it, so such a type needs this form.
   */
  | { readonly type: string };

/** Names of the C library and of POSIX that are the same on every x86-64 Linux. What the caller says of a name comes first. */
export const knownForeignTypes: ForeignTypes = {
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
