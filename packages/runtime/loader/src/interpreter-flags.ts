/** The interpreter reads this instead of the system's OpenSSL configuration. */
export const emptyOpensslConfiguration = '/dev/null';

export interface InterpreterFlagsOptions {
  /** The heap size of the measured manifest. */
  readonly heapSizeBytes: bigint;
  readonly debug: boolean;
  /** Lets native addons be loaded: for companions that declare some. */
  readonly addons?: boolean | undefined;
  /** Files that may be read. */
  readonly readable?: readonly string[] | undefined;
}

/** The flags for the interpreter of an enclave, on every platform. The program or its text follows them. */
export function interpreterFlags(options: InterpreterFlagsOptions): readonly string[] {
  const { heapSizeBytes, debug, addons = false, readable = [] } = options;
  const heapMiB = Number(heapSizeBytes / (1024n * 1024n));
  return [
    '--permission',
    // For the loader alone: nothing that it leaves in place can load a module.
    '--expose-internals',
    `--openssl-config=${emptyOpensslConfiguration}`,
    '--disable-sigusr1',
    // Reused memory holds data that no code meant to send.
    '--zero-fill-buffers',
    '--disable-proto=throw',
    '--disallow-code-generation-from-strings',
    addons ? '--allow-addons' : '--no-addons',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    '--no-warnings',
    '--no-experimental-require-module',
    '--no-experimental-websocket',
    '--unhandled-rejections=strict',
    `--max-old-space-size=${heapMiB}`,
    ...youngGeneration(heapMiB),
    // WebAssembly then compares each address with the end of its memory, instead of reserving 8 GiB of address space that
    // traps, so that the address space of the process can be bounded.
    '--disable-wasm-trap-handler',
    // V8 counts WebAssembly pages of 64 KiB.
    `--wasm-max-mem-pages=${Math.min(65_536, heapMiB * 16)}`,
    ...(debug ? ['--stack-trace-limit=50'] : []),
  ];
}

/**
 * The size of the young generation, in proportion to the heap, up to V8's own 16 MiB. At that size whatever the heap, it would
 * not fit into a processor's cache, and on machines with encrypted memory a cache miss is expensive. The thread that fills a
 * small one collects it sooner than other threads could be woken for it.
 */
function youngGeneration(heapMiB: number): readonly string[] {
  const semiSpaceMiB = Math.min(16, Math.max(1, Math.floor(heapMiB / 64)));
  return [`--max-semi-space-size=${semiSpaceMiB}`, ...(semiSpaceMiB <= 8 ? ['--no-parallel-scavenge'] : [])];
}
