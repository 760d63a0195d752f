import type { Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';
import type { EnginePool } from '@enclos/inference-engine';
import {
  allowedModels,
  keyPlaceIn,
  type ModelEntry,
  type ModelManifest,
  type ServedModels as ModelList,
} from '@enclos/inference-models';
import { ModelKeyDesk, type OwnedModel } from '@enclos/inference-models/node';
import { sealedProtection, type Sealing } from '@enclos/service/state';
import type { StoreFunctions } from '@enclos/service/store';
import { ChangedReason } from '../changed-reason.ts';
import { CatalogueKeeper } from '../catalogue/catalogue-keeper.ts';
import type { ServiceConfiguration } from '../configuration.ts';
import { KeptRecord } from '../keys/kept-record.ts';
import { brokerKeys, releasedKeys } from '../keys/key-services.ts';
import { ModelKeys } from '../keys/model-keys.ts';
import { ModelShelf, type ModelShelfOptions } from './model-shelf.ts';
import { outgoingFetch } from './outgoing.ts';
import type { ModelParts } from './prepare-model.ts';

/** What the host has for models. */
export interface ModelHost extends Pick<StoreFunctions, 'storeRead' | 'storeWrite'> {
  readonly modelPart: ModelParts;
  catalogue(): Promise<string>;
}

export interface ModelsOptions {
  readonly pool: Pick<EnginePool, 'load'>;
  readonly host: ModelHost;
  readonly manifest: ModelManifest;
  readonly configuration: Pick<ServiceConfiguration, 'keyBroker' | 'keyRelease' | 'openAi'>;
  /** `seal` and `unseal` of the enclave. */
  readonly sealing: Sealing;
  readonly quote: (reportData: Uint8Array) => Promise<Uint8Array>;
  /** `connect` of the enclave, by the name in enclave.json. */
  readonly connect: (name: string, options: { readonly signal: AbortSignal }) => Promise<Duplex>;
  readonly randomBytes: (sizeBytes: number) => Uint8Array;
  /** The digest of the key set, in hex, which owners sign. */
  readonly keySetDigest: () => string;
  /** See `ModelKeysOptions`. */
  readonly fromReplicas?: ((digest: string) => Promise<Uint8Array | undefined>) | undefined;
  readonly now: () => Date;
  readonly onFault: (error: unknown) => void;
  readonly onAwaited: ModelShelfOptions['onAwaited'];
}

/** The models of the service, the keys of those that are encrypted, and the catalogue that adds some. */
export interface Models {
  readonly shelf: ModelShelf;
  readonly keys: ModelKeys;
  /** What may be served now, for the report. */
  list(): ModelList;
  /** Takes a newer catalogue of the host, if it has one; call `shelf.follow` once the report has it. Never rejects. */
  refresh(): Promise<void>;
  /** For another replica: the key that the owner supplied, of a model that has an owner here now. */
  ownersKeyOf(digest: string): Uint8Array | undefined;
}

/**
 * Opens what the manifest and the configuration describe. Nothing is loaded yet.
 * @throws INFERENCE_CONFIGURATION_INVALID for a model whose key is with a service that the configuration does not name
 */
export function openModels(options: ModelsOptions): Models {
  const { pool, host, manifest, configuration, onFault, onAwaited, now } = options;
  checkKeyServices(manifest.models, configuration);
  const keeper = catalogueKeeper(options);
  const allowed = (): readonly ModelEntry[] => allowedModels({ manifest, catalogue: keeper?.current });
  const keys = openKeys(options, allowed);
  const { openAi } = configuration;
  const parts: ModelParts = (part) => host.modelPart(part);
  const shelf = new ModelShelf({ pool, allowed, openAi, parts, keys, now, onFault, onAwaited });
  const refused = new ChangedReason();
  return Object.freeze<Models>({
    shelf,
    keys,
    list() {
      const version = keeper?.current?.version;
      return { models: allowed(), ...(version === undefined ? {} : { catalogueVersion: version }) };
    },
    ownersKeyOf(digest) {
      // The host of the other one may hold back a catalogue that takes the model away.
      const isOwned = allowed().some((entry) => entry.digest === digest && entry.owner !== undefined);
      return isOwned ? keys.ownersKeyOf(digest) : undefined;
    },
    async refresh() {
      try {
        await keeper?.refresh();
        refused.clear();
      } catch (error) {
        if (refused.take(error)) onFault(error);
      }
    },
  });
}

/** A later version of the service, of the same signer, must know which catalogue this one took. */
function catalogueKeeper({ host, manifest, sealing }: ModelsOptions): CatalogueKeeper | undefined {
  const { catalogue: pin } = manifest;
  if (pin === undefined) return undefined;
  const protection = sealedProtection(sealing, { service: 'inference-catalogue', policy: 'signer' });
  const kept = new KeptRecord({ store: host, protection, key: 'catalogue', subject: 'catalogue' });
  return new CatalogueKeeper({ pin, read: () => host.catalogue(), kept });
}

function openKeys(options: ModelsOptions, allowed: () => readonly ModelEntry[]): ModelKeys {
  const { host, configuration, sealing, quote, connect, randomBytes, keySetDigest, fromReplicas, onFault } = options;
  const { keyBroker, keyRelease } = configuration;
  // The owner accepted this enclave, and no other one of its signer.
  const protection = sealedProtection(sealing, { service: 'inference-model-key', policy: 'enclave' });
  const owned = (): readonly OwnedModel[] =>
    allowed().flatMap(({ name, digest, owner }) => (owner === undefined ? [] : [{ name, digest, owner }]));
  return new ModelKeys({
    fromBroker:
      keyBroker === undefined
        ? undefined
        : brokerKeys({
            url: keyBroker.url,
            quote,
            fetch: outgoingFetch(keyBroker, (signal) => connect('key-broker', { signal })),
          }),
    fromRelease:
      keyRelease === undefined
        ? undefined
        : releasedKeys({
            url: keyRelease.url,
            quote,
            fetch: outgoingFetch(keyRelease, (signal) => connect('attestation-service', { signal })),
          }),
    fromReplicas,
    desk: new ModelKeyDesk({ keySetDigest, models: owned, randomBytes }),
    kept: ({ name, digest }) =>
      new KeptRecord({ store: host, protection, key: `model-key/${digest}`, subject: `${name} ${digest}` }),
    onFault,
  });
}

function checkKeyServices(
  models: readonly ModelEntry[],
  { keyBroker, keyRelease }: ModelsOptions['configuration'],
): void {
  for (const { name, keyId = '' } of models) {
    const kind = keyPlaceIn(keyId)?.kind;
    const isMissing =
      (kind === 'broker' && keyBroker === undefined) || (kind === 'release' && keyRelease === undefined);
    if (!isMissing) continue;
    const member = kind === 'broker' ? 'keyBroker' : 'keyRelease';
    const message = `The key of the model ${name} is ${keyId}, and service.json has no ${member}.`;
    throw new EnclosError('INFERENCE_CONFIGURATION_INVALID', message);
  }
}
