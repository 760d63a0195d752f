import { generateKey, signEnclave } from '@enclos/build';
import { utf8 } from '@enclos/codec';
import { defineInterface } from '@enclos/edl';
import type { EnclaveApplication } from '@enclos/enclave/for-testing';
import { interfaceDigest, layOutImage, pinnedInterpreter, type EnclaveManifest } from '@enclos/manifest';

/** The identity of an enclave in the process of a test. */
export interface InProcessIdentity {
  /** Stands in for the code: another text is another MRENCLAVE. Default: `code under test`. */
  readonly code?: string;
  /** The name of a signer: another name is another MRSIGNER. A key is made for each in each process. Default: `signer`. */
  readonly signer?: string;
  /** Default: 1. */
  readonly productId?: number;
  /** Default: 1. */
  readonly securityVersion?: number;
  /** Default: false. */
  readonly debug?: boolean;
  /** Variables, as those of enclave.json: measured. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** An image that measures a text in place of code, with its signature. */
export interface InProcessImage {
  readonly manifest: EnclaveManifest;
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
}

const noInterface = defineInterface({ name: 'none', trusted: {}, untrusted: {} });
const keys = new Map<string, string>();

/** Lays out and signs, by the same code as `enclos build` and `enclos sign`. */
export function makeImage(identity: InProcessIdentity, application: EnclaveApplication | undefined): InProcessImage {
  const { code = 'code under test', signer = 'signer', productId = 1, securityVersion = 1, debug = false } = identity;
  const variables = Object.entries(identity.environment ?? {}).map(([name, value]) => ({ name, value }));
  const manifest: EnclaveManifest = {
    name: 'in-process',
    productId,
    securityVersion,
    debug,
    threads: 4,
    heapSizeBytes: 64n * 1024n * 1024n,
    interfaceDigest: interfaceDigest(application?.interface ?? noInterface),
    interpreter: pinnedInterpreter,
    environment: variables,
    trustedFiles: [],
    mounts: [],
    listen: [],
    connect: [],
    limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 64, maxPendingCalls: 64, maxDepth: 16 },
  };
  const image = layOutImage({ manifest, bundle: utf8(`in the process of a test: ${code}`), files: [] });
  return { manifest, image, signature: signEnclave({ image, key: keyOf(signer), date: new Date() }) };
}

function keyOf(signer: string): string {
  const known = keys.get(signer);
  if (known !== undefined) return known;
  const made = generateKey();
  keys.set(signer, made);
  return made;
}
