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
import type { CompanionManifest } from './companions/companion-type.ts';

const sha256 = bytes({ exactBytes: 32 });
const path = string({ minBytes: 1, maxBytes: 1024 });
const name = string({ minBytes: 1, maxBytes: 64 });
export const architecture = enumeration('linux-x64', 'linux-arm64');

const interpreter = record({
  version: string({ minBytes: 1, maxBytes: 32 }),
  digests: array(record({ architecture, sha256 }), { minItems: 1, maxItems: 2 }),
});

const transport = enumeration('relayed', 'passed', 'either');

/**
 * How the bytes of a listener's or a destination's connections reach the enclave. `relayed`: through the host, by the call gate.
 * `passed`: the host hands the connected socket to the enclave. `either`: the platform decides.
 */
export type StreamTransport = Infer<typeof transport>;

/** What every form of the manifest has, in the order of its bytes: first this. */
export const identity = {
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

const kind = enumeration('host', 'memory');
const most = { maxItems: 64 };

export const resources = {
  /** Declared variables. A variable without a value comes from the host and is untrusted. */
  environment: array(record({ name, value: option(string({ maxBytes: 4096 })) }), { maxItems: 256 }),
  trustedFiles: array(record({ path, sha256, sizeBytes: uint64() }), { maxItems: 1024 }),
  mounts: array(record({ target: path, kind, readOnly: boolean(), maxBytes: uint64() }), most),
};

const u16 = uint16();
const limits = record({ maxFrameBytes: uint32(), maxQueuedCalls: u16, maxPendingCalls: u16, maxDepth: u16 });

const listener = { name, port: uint16() };
const destination = { name, host: string({ minBytes: 1, maxBytes: 253 }), port: uint16() };
const relayedStreams = { listen: array(record(listener), most), connect: array(record(destination), most), limits };
export const streams = {
  listen: array(record({ ...listener, transport }), most),
  connect: array(record({ ...destination, transport }), most),
  limits,
};

const script = { ...identity, interpreter, ...resources };

/** Every stream is relayed, so none says it. Images from before sockets could be passed are of this form, and keep their MRENCLAVE. */
export const relayedType = record({ ...script, ...relayedStreams });
/** A manifest of another form begins with a byte that no name begins with: the length 0, or one above 64. */
export const namedForm = 0;
export const namedType = record({ form: uint8(), manifest: record({ ...script, ...streams }) });
/** The measured manifest of an enclave whose bundle is a script. */
export type InterpreterManifest = Infer<typeof namedType>['manifest'] & {
  /** Processes without keys beside the enclave. Absent, and never empty, for an enclave without any. */
  readonly companions?: readonly CompanionManifest[] | undefined;
};
export type InterpreterIdentity = InterpreterManifest['interpreter'];
