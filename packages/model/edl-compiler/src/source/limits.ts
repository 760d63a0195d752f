/** Tokens of all files of a compilation, and what macros stand for. 20,000 lines of functions are 400,000. */
export const mostTokens = 1_000_000;
/** UTF-16 code units of one file, which are never more than its bytes. */
export const longestFile = 4 * 1024 * 1024;
export const mostFiles = 256;
export const deepestImports = 64;
/** The largest integer of OCaml, which Intel's compiler is written in. */
export const mostOfInteger = 4611686018427387903n;
