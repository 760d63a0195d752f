/** Tokens of all files of a compilation, and what macros stand for. 20,000 lines of functions are 400,000. */
export const mostTokens = 1_000_000;
/** UTF-16 code units of one file, which are never more than its bytes. */
export const longestFile = 4 * 1024 * 1024;
export const mostFiles = 256;
/** UTF-16 code units of all files. The files of both SDKs together are 200 thousand. */
export const longestFiles = 16 * 1024 * 1024;
/** What a system opens is shorter (PATH_MAX of Linux). */
export const longestPath = 4096;
/** Functions and names that are gone through for imports: files that import one another can ask for each function in endless ways. */
export const mostImported = 2_000_000;
export const deepestImports = 64;
/** The largest integer of OCaml, which Intel's compiler is written in. */
export const mostOfInteger = 4611686018427387903n;
