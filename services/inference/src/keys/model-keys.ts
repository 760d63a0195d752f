import { EnclosError, isEnclosError } from '@enclos/errors';
import { keyPlaceIn, type ModelEntry } from '@enclos/inference-models';
import type { ModelKeyDesk } from '@enclos/inference-models/node';
import type { KeptRecord } from './kept-record.ts';

export interface ModelKeysOptions {
  /** Asks a key broker, if the configuration names one. @param keyId `kbs:///repository/type/tag` */
  readonly fromBroker: ((keyId: string) => Promise<Uint8Array>) | undefined;
  /** Asks an attestation service, if the configuration names one. */
  readonly fromRelease: ((name: string) => Promise<Uint8Array>) | undefined;
  readonly desk: ModelKeyDesk;
  /** Asks other replicas for a key that the owner of a model supplied, by the digest of the model. */
  readonly fromReplicas?: ((digest: string) => Promise<Uint8Array | undefined>) | undefined;
  /** Where the key of a model outlives the enclave. */
  readonly kept: (entry: ModelEntry) => KeptRecord;
  /** Hears of a key that could not be kept: the owner has to supply it again after a start. */
  readonly onFault: (error: unknown) => void;
}

/** Whether the file of a model is encrypted: then its entry says where the key is. */
export function isEncrypted({ keyId, owner }: Pick<ModelEntry, 'keyId' | 'owner'>): boolean {
  return keyId !== undefined || owner !== undefined;
}

/**
 * Where the keys of encrypted models come from. Those of key services are asked for with each loading and wiped after it; those that
 * owners supplied stay in this memory for as long as the enclave lives.
 */
export class ModelKeys {
  readonly #options: ModelKeysOptions;
  /** What owners supplied, by the digest of the model. */
  readonly #supplied = new Map<string, Uint8Array>();
  /** Models that their supplied keys have opened. */
  readonly #proven = new Set<string>();

  /** Models without a kept key, which is not looked for again: what is supplied later is here as well. */
  readonly #areNotKept = new Set<string>();

  constructor(options: ModelKeysOptions) {
    this.#options = options;
  }

  /**
   * The key of a model, for the caller to wipe.
   * @throws MODEL_KEY_AWAITED, MODEL_KEY_REFUSED, MODEL_KEY_SERVICE_UNREACHABLE, MODEL_KEY_ANSWER_INVALID, MODEL_KEY_INVALID; for
   * a kept key also SERVICE_STORE_UNAVAILABLE and SERVICE_STATE_INVALID
   */
  async keyOf(entry: ModelEntry): Promise<Uint8Array> {
    const { fromBroker, fromRelease } = this.#options;
    const { keyId = '' } = entry;
    if (entry.owner !== undefined) return this.#ownersKey(entry);
    const place = keyPlaceIn(keyId);
    if (place?.kind === 'broker' && fromBroker !== undefined) return fromBroker(keyId);
    if (place?.kind === 'release' && fromRelease !== undefined) return fromRelease(place.name);
    throw new EnclosError('MODEL_KEY_REFUSED', 'The configuration names no service that keeps the key of the model.');
  }

  /** The challenge for the owner of a model. @throws MODEL_KEY_REFUSED */
  challenge(digest: string): string {
    return this.#options.desk.challenge(digest);
  }

  /** Takes the key of a model from its owner. @throws MODEL_KEY_REFUSED, MODEL_KEY_INVALID */
  supply(digest: string, text: string): void {
    this.#supplied.set(digest, this.#options.desk.supply(digest, text));
  }

  /** To be told when the key of a model has opened it: such a key is worth keeping. */
  async opened(entry: ModelEntry): Promise<void> {
    const { kept, onFault } = this.#options;
    const key = this.#supplied.get(entry.digest);
    if (key !== undefined) this.#proven.add(entry.digest);
    if (entry.keepKey !== 'sealed' || key === undefined) return;
    await kept(entry).write(key).catch(onFault);
  }

  /** To be told when the key of a model does not open it: the owner may supply another one. */
  failed({ digest }: ModelEntry): void {
    this.#supplied.get(digest)?.fill(0);
    this.#supplied.delete(digest);
    this.#proven.delete(digest);
    this.#options.desk.reopen(digest);
  }

  /** For another replica: a copy of what an owner supplied, once it has opened the model. */
  ownersKeyOf(digest: string): Uint8Array | undefined {
    const key = this.#proven.has(digest) ? this.#supplied.get(digest) : undefined;
    return key === undefined ? undefined : new Uint8Array(key);
  }

  async #ownersKey(entry: ModelEntry): Promise<Uint8Array> {
    const found = this.#supplied.get(entry.digest) ?? (await this.#keptKey(entry)) ?? (await this.#replicasKey(entry));
    // The owner may have come meanwhile.
    const key = this.#supplied.get(entry.digest) ?? found;
    if (key === undefined) throw new EnclosError('MODEL_KEY_AWAITED');
    return new Uint8Array(key);
  }

  async #replicasKey({ digest }: ModelEntry): Promise<Uint8Array | undefined> {
    const shared = await this.#options.fromReplicas?.(digest);
    // The owner may have come meanwhile.
    if (shared !== undefined && !this.#supplied.has(digest)) this.#supplied.set(digest, shared);
    return this.#supplied.get(digest);
  }

  async #keptKey(entry: ModelEntry): Promise<Uint8Array | undefined> {
    if (entry.keepKey !== 'sealed' || this.#areNotKept.has(entry.digest)) return undefined;
    try {
      const key = await this.#options.kept(entry).read();
      if (key === undefined) this.#areNotKept.add(entry.digest);
      return key;
    } catch (error) {
      // A record of another machine or image does not open; the owner can supply the key again.
      if (isEnclosError(error, 'SERVICE_STATE_INVALID')) return undefined;
      throw error;
    }
  }
}
