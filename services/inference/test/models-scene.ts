import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { EnclosError } from '@enclos/errors';
import type { PooledModel } from '@enclos/inference-engine';
import { writeCatalogue, type ModelEntry, type ModelManifest } from '@enclos/inference-models';
import { encryptModel } from '@enclos/inference-models/node';
import { publicKeyOfJwk, signatureKeyOfSpki, type SignatureKey } from '@enclos/jose';
import { encryptJwe, nodePublicKeyOf } from '@enclos/jose/node';
import type { Sealing } from '@enclos/service/state';
import { KeyBroker, memorySealing, MemoryStore, tlsKeyPair } from '@enclos/testkit';
import { openModels, type Models, type ModelsOptions } from '../src/inside/models.ts';

const bytesOf = (fill: number): Uint8Array => new Uint8Array(3000).fill(fill);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const modelKey = new Uint8Array(randomBytes(32));
export const keySetDigest = 'cd'.repeat(32);

/** A model with bytes of its own. */
export function entryOf(name: string, fill: number, more: Partial<ModelEntry> = {}): ModelEntry {
  return { name, version: '1', digest: sha256(bytesOf(fill)), sizeBytes: 3000, limits: {}, ...more };
}

export const plainFile = bytesOf;

export function encryptedFile(name: string, fill: number, key: Uint8Array = modelKey): Uint8Array {
  return encryptModel(bytesOf(fill), key, { name });
}

export interface Owner {
  readonly algorithm: 'EdDSA';
  readonly key: SignatureKey;
  readonly sign: (input: Uint8Array) => Uint8Array;
}

export function newOwner(): Owner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = signatureKeyOfSpki(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
  return { algorithm: 'EdDSA', key, sign: (input) => new Uint8Array(sign(null, input, privateKey)) };
}

export async function catalogueOf(version: number, models: readonly ModelEntry[], signer: Owner): Promise<string> {
  return writeCatalogue({ version, issued: '2026-11-29T12:00:00Z', models }, signer);
}

const tls = tlsKeyPair(selfSignedCertificate, 'keys.test');
export const keysUrl = 'https://keys.test';
const certificateAuthorities = [tls.cert];

/** A broker that has the key of the model `digits`. */
export function brokerOf(
  secrets: Readonly<Record<string, Uint8Array>> = { 'default/model/digits': modelKey },
): KeyBroker {
  return new KeyBroker({
    tls,
    secrets: new Map(Object.entries(secrets)),
    wrap(secret, jwk) {
      const key = publicKeyOfJwk({ ...jwk });
      if (key === undefined) throw new Error('The client sent no key.');
      return encryptJwe(secret, { kid: 'k', ...nodePublicKeyOf(key) }, 'ECDH-ES+A256KW');
    },
    accept: (quote, hash) => Buffer.from(quote, 'base64').toString('hex').startsWith(hash),
  });
}

/** A machine: what seals there, and what its host keeps. */
export class Machine {
  readonly sealing: Sealing = memorySealing(() => new EnclosError('SEAL_NOT_OPENED'));
  readonly store = new MemoryStore();
}

export interface ModelsScene {
  readonly models: Models;
  /** Files of the host, by `NAME-VERSION`. */
  readonly files: Map<string, Uint8Array>;
  readonly faults: unknown[];
  /** What models waited for, by name, version and code. */
  readonly awaited: string[];
  /** What was loaded, by name and version, in its order. */
  readonly loaded: string[];
  readonly unloaded: string[];
  catalogue: string;
  /** Of how many models bytes were copied or loaded at one moment. */
  mostAtOnce: number;
}

export interface SceneOptions {
  readonly manifest: ModelManifest;
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly machine?: Machine;
  readonly broker?: KeyBroker;
  readonly authorities?: readonly string[];
  /** An attestation service that releases keys, and the roots of its certificate. */
  readonly release?: { readonly port: number; readonly authorities?: readonly string[] };
  /** Of the service; default: one that nothing has. */
  readonly ownKeySetDigest?: () => string;
}

/** The models of a service on a machine, with a pool that computes nothing. */
export function modelsScene(options: SceneOptions): ModelsScene {
  const { manifest, machine = new Machine(), broker, authorities = certificateAuthorities, release } = options;
  const faults: unknown[] = [];
  const awaited: string[] = [];
  const loaded: string[] = [];
  const unloaded: string[] = [];
  const files = new Map(Object.entries(options.files ?? {}));
  const pool: ModelsOptions['pool'] = {
    async load({ name, version }) {
      loaded.push(`${name} ${version}`);
      const pooled: Pick<PooledModel, 'inputs' | 'isUsable' | 'name' | 'outputs' | 'run' | 'unload' | 'version'> = {
        name,
        version,
        inputs: [],
        outputs: [],
        isUsable: true,
        run: async () => [],
        unload: async () => void unloaded.push(`${name} ${version}`),
      };
      hold(`${name} ${version}`);
      await new Promise((resolve) => setImmediate(resolve));
      held.delete(`${name} ${version}`);
      // What the shelf uses of it.
      return pooled as PooledModel;
    },
  };
  const scene = { files, faults, awaited, loaded, unloaded, catalogue: '', mostAtOnce: 0 };
  const held = new Set<string>();
  const hold = (key: string): void => {
    held.add(key);
    scene.mostAtOnce = Math.max(scene.mostAtOnce, held.size);
  };
  const models = openModels({
    pool,
    host: {
      ...machine.store.functions,
      catalogue: async () => scene.catalogue,
      async modelPart({ name, version, offset, sizeBytes }) {
        hold(`${name} ${version}`);
        await new Promise((resolve) => setImmediate(resolve));
        const file = files.get(`${name}-${version}`) ?? new Uint8Array();
        return file.slice(Number(offset), Number(offset) + sizeBytes);
      },
    },
    manifest,
    configuration: {
      openAi: new Map(),
      keyBroker: broker === undefined ? undefined : { url: keysUrl, certificateAuthorities: authorities },
      keyRelease: release === undefined ? undefined : { url: keysUrl, certificateAuthorities: release.authorities },
    },
    sealing: machine.sealing,
    quote: async (reportData) => reportData,
    async connect(name) {
      const port = name === 'key-broker' ? broker?.port : release?.port;
      const socket = connect(port ?? 0, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
    keySetDigest: options.ownKeySetDigest ?? (() => keySetDigest),
    now: () => new Date(0),
    onFault: (error) => faults.push(error),
    onAwaited: ({ name, version }, code) => awaited.push(`${name} ${version} ${code}`),
  });
  return Object.assign(scene, { models });
}
