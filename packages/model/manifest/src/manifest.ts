import {
  array,
  boolean,
  bytes,
  decodeValue,
  encodeValue,
  enumeration,
  option,
  record,
  string,
  uint16,
  uint32,
  uint64,
  uint8,
  type Infer,
  type Type,
  type Value,
} from '@enclos/edl';
import { EnclosError } from '@enclos/errors';

const sha256 = bytes({ exactBytes: 32 });
const path = string({ minBytes: 1, maxBytes: 1024 });
const name = string({ minBytes: 1, maxBytes: 64 });

const interpreter = record({
  version: string({ minBytes: 1, maxBytes: 32 }),
  digests: array(record({ architecture: enumeration('linux-x64', 'linux-arm64'), sha256 }), {
    minItems: 1,
    maxItems: 2,
  }),
});

const transport = enumeration('relayed', 'passed', 'either');

/**
 * How the bytes of a listener's or a destination's connections reach the enclave. `relayed`: through the host, by the call gate.
 * `passed`: the host hands the connected socket to the enclave. `either`: the platform decides.
 */
export type StreamTransport = Infer<typeof transport>;

/** The manifest, with these types of what it says of a listener and of a destination. */
const manifestType = <Listener extends Value, Destination extends Value>(
  listener: Type<Listener>,
  destination: Type<Destination>,
) =>
  record({
    name,
    productId: uint16(),
    securityVersion: uint16(),
    debug: boolean(),
    /** Trusted calls that run at once; SGX: the number of TCS pages. */
    threads: uint16(),
    heapSizeBytes: uint64(),
    /** SHA-256 of the canonical description of the interface. */
    interfaceDigest: sha256,
    interpreter,
    /** Declared variables. A variable without a value comes from the host and is untrusted. */
    environment: array(record({ name, value: option(string({ maxBytes: 4096 })) }), { maxItems: 256 }),
    trustedFiles: array(record({ path, sha256, sizeBytes: uint64() }), { maxItems: 1024 }),
    mounts: array(
      record({ target: path, kind: enumeration('host', 'memory'), readOnly: boolean(), maxBytes: uint64() }),
      { maxItems: 64 },
    ),
    listen: array(listener, { maxItems: 64 }),
    connect: array(destination, { maxItems: 64 }),
    limits: record({
      maxFrameBytes: uint32(),
      maxQueuedCalls: uint16(),
      maxPendingCalls: uint16(),
      maxDepth: uint16(),
    }),
  });

const listener = { name, port: uint16() };
const destination = { name, host: string({ minBytes: 1, maxBytes: 253 }), port: uint16() };

/** Every stream is relayed, so none says it. Images from before sockets could be passed are of this form, and keep their MRENCLAVE. */
const relayedType = manifestType(record(listener), record(destination));
/** A manifest of the other form begins with a byte that no name begins with: the length 0. */
const namedForm = 0;
const namedType = record({
  form: uint8(),
  manifest: manifestType(record({ ...listener, transport }), record({ ...destination, transport })),
});

/** The measured manifest. Its encoding is canonical: one manifest has one byte string. */
export type EnclaveManifest = Infer<typeof namedType>['manifest'];
export type InterpreterIdentity = EnclaveManifest['interpreter'];

const mebibyte = 1024n * 1024n;
const largestHeap = 64n * 1024n * mebibyte;

/** The rules that the bounds of single fields cannot express. */
const rules: readonly (readonly [field: string, rule: string, holds: (m: EnclaveManifest) => boolean])[] = [
  ['name', 'a lower-case word of letters, digits and hyphens', (m) => /^[a-z][a-z0-9-]*$/.test(m.name)],
  ['threads', 'from 1 to 256', (m) => m.threads >= 1 && m.threads <= 256],
  ['heapSizeBytes', 'whole mebibytes from 16 MiB to 64 GiB', (m) => heapAllowed(m.heapSizeBytes)],
  ['interpreter', 'each architecture at most once', (m) => distinct(m.interpreter.digests.map((d) => d.architecture))],
  ['environment', 'POSIX names, each at most once', (m) => environmentAllowed(m)],
  ['trustedFiles', 'absolute clean paths, each at most once', (m) => pathsAllowed(m.trustedFiles.map((f) => f.path))],
  ['mounts', 'absolute clean paths, none inside another', (m) => mountsAllowed(m.mounts.map((d) => d.target))],
  ['listen', 'each name at most once', (m) => distinct(m.listen.map((l) => l.name))],
  ['connect', 'each name at most once', (m) => distinct(m.connect.map((c) => c.name))],
  [
    'limits',
    'frames from 512 KiB to 256 MiB; depth 1 to 64; at least one pending call',
    (m) => limitsAllowed(m.limits),
  ],
];

function heapAllowed(heap: bigint): boolean {
  return heap >= 16n * mebibyte && heap <= largestHeap && heap % mebibyte === 0n;
}

function environmentAllowed(manifest: EnclaveManifest): boolean {
  const names = manifest.environment.map((variable) => variable.name);
  return distinct(names) && names.every((variable) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(variable));
}

function limitsAllowed(limits: EnclaveManifest['limits']): boolean {
  const framesAllowed = limits.maxFrameBytes >= 2 ** 19 && limits.maxFrameBytes <= 2 ** 28;
  return framesAllowed && limits.maxDepth >= 1 && limits.maxDepth <= 64 && limits.maxPendingCalls >= 1;
}

/** Absolute, without `.`, `..`, empty segments, control characters or a trailing slash. */
export function isCleanPath(text: string): boolean {
  const segments = text.split('/');
  const clean = segments.slice(1).every((s) => s !== '' && s !== '.' && s !== '..' && !/\p{Cc}/u.test(s));
  return segments[0] === '' && segments.length > 1 && clean;
}

function pathsAllowed(paths: readonly string[]): boolean {
  return distinct(paths) && paths.every(isCleanPath);
}

function mountsAllowed(targets: readonly string[]): boolean {
  const nested = targets.some((a) => targets.some((b) => b.startsWith(`${a}/`)));
  return pathsAllowed(targets) && !nested;
}

function distinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

function checkManifest(manifest: EnclaveManifest): EnclaveManifest {
  for (const [field, rule, holds] of rules) {
    if (!holds(manifest)) {
      throw new EnclosError('MANIFEST_INVALID', `The manifest's "${field}" must be ${rule}.`, { details: { field } });
    }
  }
  return Object.freeze(manifest);
}

/** Listeners and destinations, as far as it is known how their connections arrive. */
interface DeclaredStreams {
  readonly listen: readonly DeclaredStream[];
  readonly connect: readonly DeclaredStream[];
}
interface DeclaredStream {
  readonly name: string;
  readonly transport?: StreamTransport;
}

/** Whether the connections of a stream are passed where the platform can pass them. */
export function mayBePassed(stream: { readonly transport: StreamTransport }): boolean {
  return stream.transport !== 'relayed';
}

/** The streams without which an enclave does not start where connections are only relayed. */
export function mustBePassed({ listen, connect }: DeclaredStreams): readonly { readonly name: string }[] {
  return [...listen, ...connect].filter((stream) => stream.transport === 'passed');
}

function isRelayed({ listen, connect }: Pick<EnclaveManifest, 'listen' | 'connect'>): boolean {
  return ![...listen, ...connect].some(mayBePassed);
}

/** @throws MANIFEST_INVALID naming the field, EDL_VALUE_REFUSED for a bound. */
export function encodeManifest(manifest: EnclaveManifest): Uint8Array {
  if (!isRelayed(checkManifest(manifest))) return encodeValue(namedType, { form: namedForm, manifest });
  return encodeValue(relayedType, {
    ...manifest,
    listen: manifest.listen.map((stream) => ({ name: stream.name, port: stream.port })),
    connect: manifest.connect.map((stream) => ({ name: stream.name, host: stream.host, port: stream.port })),
  });
}

/** @throws MANIFEST_INVALID, also for bytes that are not a manifest. */
export function decodeManifest(encoded: Uint8Array): EnclaveManifest {
  let manifest: EnclaveManifest;
  try {
    manifest = encoded[0] === namedForm ? decodeNamed(encoded) : decodeRelayed(encoded);
  } catch (cause) {
    throw new EnclosError('MANIFEST_INVALID', 'The measured pages do not hold a manifest of this version.', { cause });
  }
  return checkManifest(manifest);
}

function decodeNamed(encoded: Uint8Array): EnclaveManifest {
  const { manifest } = decodeValue(namedType, encoded);
  if (isRelayed(manifest)) throw new EnclosError('MANIFEST_INVALID', 'Streams that are all relayed have another form.');
  return manifest;
}

function decodeRelayed(encoded: Uint8Array): EnclaveManifest {
  const manifest = decodeValue(relayedType, encoded);
  const relayed = { transport: 'relayed' } as const;
  return {
    ...manifest,
    listen: manifest.listen.map((stream) => ({ ...stream, ...relayed })),
    connect: manifest.connect.map((stream) => ({ ...stream, ...relayed })),
  };
}
