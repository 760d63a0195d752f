/** The interpreter reads this instead of the system's OpenSSL configuration. */
export const emptyOpensslConfiguration = '/dev/null';

export interface InterpreterFlagsOptions {
  /** Of the measured manifest. */
  readonly heapSizeBytes: bigint;
  readonly debug: boolean;
}

/** How the interpreter of an enclave is started, on every platform: what follows is the program or its text. */
export function interpreterFlags({ heapSizeBytes, debug }: InterpreterFlagsOptions): readonly string[] {
  const heapMiB = Number(heapSizeBytes / (1024n * 1024n));
  return [
    '--permission',
    // For the loader alone: nothing that it leaves can load a module.
    '--expose-internals',
    `--openssl-config=${emptyOpensslConfiguration}`,
    '--disable-sigusr1',
    // Memory that was used before holds what nobody meant to send.
    '--zero-fill-buffers',
    '--disable-proto=throw',
    '--disallow-code-generation-from-strings',
    '--no-addons',
    '--no-warnings',
    '--no-experimental-require-module',
    '--no-experimental-websocket',
    '--unhandled-rejections=strict',
    `--max-old-space-size=${heapMiB}`,
    ...youngGeneration(heapMiB),
    // WebAssembly compares each address with the end of its memory, in place of 8 GiB of address space that trap: so that
    // the address space of the process can be bounded.
    '--disable-wasm-trap-handler',
    // V8 counts WebAssembly pages of 64 KiB.
    `--wasm-max-mem-pages=${Math.min(65_536, heapMiB * 16)}`,
    ...(debug ? ['--stack-trace-limit=50'] : []),
  ];
}

/**
 * Where young objects are made, in proportion to the heap, up to V8's own 16 MiB. What is left at that whatever the heap
 * does not fit into a processor's cache, and where memory is encrypted what is not in the cache is dear. A small one is
 * looked through sooner by who fills it than other threads are woken for it.
 */
function youngGeneration(heapMiB: number): readonly string[] {
  const semiSpaceMiB = Math.min(16, Math.max(1, Math.floor(heapMiB / 64)));
  return [`--max-semi-space-size=${semiSpaceMiB}`, ...(semiSpaceMiB <= 4 ? ['--no-parallel-scavenge'] : [])];
}
