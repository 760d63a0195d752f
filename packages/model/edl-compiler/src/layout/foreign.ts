/** What the compiler is told of types that C headers define, by name. */
export type ForeignTypes = Readonly<Record<string, ForeignType>>;

/** Bytes of a size and alignment (`alignment` a power of two), another name for a type of C, or the value of a constant. */
export type ForeignType =
  | { readonly bytes: number; readonly alignment: number }
  /** As in a typedef: `uint32_t`, `struct point`, `char*`. */
  | { readonly type: string }
  /** For a constant that a C header defines, such as the length of an array. */
  | { readonly value: number };
