/** How the bytes of connections reach the enclave. */
type Transport = 'relayed' | 'passed' | 'either';

/** The fields of `EnclaveManifest` of `@enclos/manifest`, on which this package does not depend, but for the interpreter. */
interface Fields {
  readonly name: string;
  readonly productId: number;
  readonly securityVersion: number;
  readonly debug: boolean;
  readonly threads: number;
  readonly heapSizeBytes: bigint;
  readonly interfaceDigest: Uint8Array;
  readonly environment: readonly { readonly name: string; readonly value?: string | undefined }[];
  readonly trustedFiles: readonly { readonly path: string; readonly sha256: Uint8Array; readonly sizeBytes: bigint }[];
  readonly mounts: readonly {
    readonly target: string;
    readonly kind: 'host' | 'memory';
    readonly readOnly: boolean;
    readonly maxBytes: bigint;
  }[];
  readonly listen: readonly { readonly name: string; readonly port: number; readonly transport: Transport }[];
  readonly connect: readonly {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly transport: Transport;
  }[];
  readonly limits: {
    readonly maxFrameBytes: number;
    readonly maxQueuedCalls: number;
    readonly maxPendingCalls: number;
    readonly maxDepth: number;
  };
}

/**
 * The manifest of a small production enclave that asks for nothing, and what a test changes.
 * @param interpreter most often `pinnedInterpreter` of `@enclos/manifest`.
 */
export function manifestFields<Interpreter>(
  interpreter: Interpreter,
  changes: Partial<Fields> = {},
): Fields & { readonly interpreter: Interpreter } {
  return {
    name: 'sample',
    productId: 1,
    securityVersion: 1,
    debug: false,
    threads: 1,
    heapSizeBytes: 16n * 1024n * 1024n,
    interfaceDigest: new Uint8Array(32),
    interpreter,
    environment: [],
    trustedFiles: [],
    mounts: [],
    listen: [],
    connect: [],
    limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 1, maxPendingCalls: 1, maxDepth: 1 },
    ...changes,
  };
}
