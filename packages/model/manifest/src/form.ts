import {
  array,
  boolean,
  bytes,
  enumeration,
  option,
  record,
  string,
  uint16,
  uint32,
  uint64,
  uint8,
  type Infer,
} from '@enclos/edl';

const sha256 = bytes({ exactBytes: 32 });
const path = string({ minBytes: 1, maxBytes: 1024 });
const name = string({ minBytes: 1, maxBytes: 64 });
const architecture = enumeration('linux-x64', 'linux-arm64');

const interpreter = record({
  version: string({ minBytes: 1, maxBytes: 32 }),
  digests: array(record({ architecture, sha256 }), { minItems: 1, maxItems: 2 }),
});

const program = record({
  /** The machine that the program is made for. */
  architecture,
  /**
   * `none`: it opens no connections. `declared`: its own runtime asks the host for the declared ones. `any`: it may also ask the host
   * for others. `private`: it uses sockets of its own network namespace.
   */
  network: enumeration('none', 'declared', 'any', 'private'),
  /** What follows the name in argv. */
  arguments: array(string({ maxBytes: 4096 }), { maxItems: 64 }),
  /** Whether the host gets what it writes as log lines. */
  output: enumeration('none', 'log'),
});

const transport = enumeration('relayed', 'passed', 'either');

/**
 * How the bytes of a listener's or a destination's connections reach the enclave. `relayed`: through the host, by the call gate.
 * `passed`: the host hands the connected socket to the enclave. `either`: the platform decides.
 */
export type StreamTransport = Infer<typeof transport>;

const identity = {
  name,
  productId: uint16(),
  securityVersion: uint16(),
  debug: boolean(),
  /** Trusted calls that run at once; SGX: the number of TCS pages. */
  threads: uint16(),
  heapSizeBytes: uint64(),
  /** SHA-256 of the canonical description of the interface. */
  interfaceDigest: sha256,
};

const resources = {
  /** Declared variables. A variable without a value comes from the host and is untrusted. */
  environment: array(record({ name, value: option(string({ maxBytes: 4096 })) }), { maxItems: 256 }),
  trustedFiles: array(record({ path, sha256, sizeBytes: uint64() }), { maxItems: 1024 }),
  mounts: array(
    record({ target: path, kind: enumeration('host', 'memory'), readOnly: boolean(), maxBytes: uint64() }),
    {
      maxItems: 64,
    },
  ),
};

const listener = { name, port: uint16() };
const destination = { name, host: string({ minBytes: 1, maxBytes: 253 }), port: uint16() };
const relayedStreams = {
  listen: array(record(listener), { maxItems: 64 }),
  connect: array(record(destination), { maxItems: 64 }),
};
const streams = {
  listen: array(record({ ...listener, transport }), { maxItems: 64 }),
  connect: array(record({ ...destination, transport }), { maxItems: 64 }),
};

const limits = record({
  maxFrameBytes: uint32(),
  maxQueuedCalls: uint16(),
  maxPendingCalls: uint16(),
  maxDepth: uint16(),
});

/** Every stream is relayed, so none says it. Images from before sockets could be passed are of this form, and keep their MRENCLAVE. */
export const relayedType = record({ ...identity, interpreter, ...resources, ...relayedStreams, limits });
/** A manifest of another form begins with a byte that no name begins with: the length 0, or one above 64. */
export const namedForm = 0;
export const namedType = record({
  form: uint8(),
  manifest: record({ ...identity, interpreter, ...resources, ...streams, limits }),
});
/** In the place of the interpreter stands the program. */
export const programForm = 0x81;
export const programType = record({
  form: uint8(),
  manifest: record({ ...identity, program, ...resources, ...streams, limits }),
});

/** The measured manifest of an enclave whose bundle is a script. */
export type InterpreterManifest = Infer<typeof namedType>['manifest'];
/** The measured manifest of an enclave whose bundle is a static ELF file. */
export type ProgramManifest = Infer<typeof programType>['manifest'];
/** The measured manifest. Its encoding is canonical: one manifest has one byte string. */
export type EnclaveManifest = InterpreterManifest | ProgramManifest;
export type InterpreterIdentity = InterpreterManifest['interpreter'];
/** What the manifest says of the program: {@link ProgramManifest}. */
export type ProgramSettings = ProgramManifest['program'];

/** Whether an enclave runs a program itself, and not a script in the interpreter. */
export function isProgramManifest(manifest: EnclaveManifest): manifest is ProgramManifest {
  return 'program' in manifest;
}
