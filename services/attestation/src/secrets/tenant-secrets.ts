import { Turns } from '@enclos/bounded';
import { toBase64url } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { refuseState } from '@enclos/service/errors';
import { type Protection, type RecordPlace, sha256 } from '@enclos/service/state';
import type { NamedSecret, StateSnapshot, TenantDocument, TenantState } from '../document/document.ts';
import { answered, keysIn, storeCall, issuerKey, type StoreFunctions } from '@enclos/service/store';
import { decodeSecretRow, encodeSecretRow, type SecretRow } from './secret-row.ts';

export interface TenantSecretsOptions {
  readonly store: StoreFunctions;
  readonly state: TenantState;
  /** One that keeps secret what it protects: that of a store which one replica has to itself. */
  readonly protection: Protection;
  readonly issuer: string;
  readonly configurationDigest: string;
  /** Hears of rows that could not be removed. */
  readonly onRefused: (error: unknown) => void;
}

/** What a secret and its policy are of the caller's. */
export type NewSecret = Pick<SecretRow, 'policy' | 'secret'>;

export interface ChangedSecrets {
  readonly snapshot: StateSnapshot;
  /** The secret that was set. */
  readonly named: NamedSecret;
}

export interface OpenedSecret extends NewSecret {
  /** The state that names it. */
  readonly snapshot: StateSnapshot;
}

export interface ListedSecret extends NamedSecret {
  /** Nothing for a row that cannot be believed, or that was set under another configuration: it is not released. */
  readonly policy: string | undefined;
}

const digestPattern = /^[\w-]{43}$/;

/**
 * The secrets of a tenant, in an untrusted store. A row has its digest as its key, and the state of the tenant
 * names the digest of each secret: an older row, or that of another name, is not the one that the state names. Which
 * name and tenant a row is for is sealed with it too.
 *
 * The operator that starts the service chooses its configuration, and can name a state in it that is taken over. Secrets are not:
 * a configuration with another root of software platforms would open them to evidence that its author makes up. A row
 * holds the digest of the configuration under which it was set, and is opened under no other.
 *
 * All methods throw SERVICE_STATE_INVALID for what the store cannot have been given, and SERVICE_STORE_UNAVAILABLE.
 */
export class TenantSecrets {
  readonly #options: TenantSecretsOptions;
  readonly #prefix: string;
  /** Between the write of a row and that of the state that names it, no one may look for rows without a name. */
  readonly #turns = new Turns();

  constructor(options: TenantSecretsOptions) {
    this.#options = options;
    this.#prefix = `secrets/${issuerKey(options.issuer)}/`;
  }

  /**
   * Sets a secret and its policy, or replaces both.
   * @param change makes the document with this secret, as `TenantState.update` has it; what it throws is thrown.
   */
  put(
    name: string,
    added: NewSecret,
    change: (document: TenantDocument, named: NamedSecret) => TenantDocument,
  ): Promise<ChangedSecrets> {
    return this.#turns.take(async () => {
      const { configurationDigest, protection, state, store } = this.#options;
      const row = encodeSecretRow({ ...added, configurationDigest });
      const bytes = await protection.protect(row, this.#placeOf(name));
      row.fill(0);
      const named = Object.freeze({ name, digest: toBase64url(sha256(bytes)) });
      try {
        const call = store.storeWrite({ key: this.#keyOf(named), version: 0n, bytes }, storeCall);
        // No two seals are alike, so what is there was put there to be in the way.
        if (!(await answered(call))) throw new EnclosError('SERVICE_STORE_UNAVAILABLE');
        const snapshot = await state.update((document) => change(document, named));
        await this.#clean();
        return { named, snapshot };
      } catch (error) {
        // A state whose write was not confirmed may still name the row.
        if (!isEnclosError(error, 'SERVICE_STORE_UNAVAILABLE')) await this.#clean();
        throw error;
      }
    });
  }

  /** Changes the document to one that names fewer secrets, and removes their rows. */
  remove(change: (document: TenantDocument) => TenantDocument): Promise<StateSnapshot> {
    return this.#turns.take(async () => {
      const snapshot = await this.#options.state.update(change);
      await this.#clean();
      return snapshot;
    });
  }

  list(): Promise<{ readonly snapshot: StateSnapshot; readonly secrets: readonly ListedSecret[] }> {
    return this.#turns.take(async () => {
      const snapshot = await this.#options.state.read({ fresh: true });
      const secrets: ListedSecret[] = [];
      for (const named of snapshot.document.secrets) secrets.push({ ...named, policy: await this.#policyOf(named) });
      return { snapshot, secrets };
    });
  }

  /** @returns nothing when the newest state names no such secret. Fill `secret` with zeros after use. */
  open(name: string): Promise<OpenedSecret | undefined> {
    return this.#turns.take(async () => {
      const snapshot = await this.#options.state.read({ fresh: true });
      const named = snapshot.document.secrets.find((one) => one.name === name);
      if (named === undefined) return undefined;
      const { policy, secret } = await this.#read(named);
      return { snapshot, policy, secret };
    });
  }

  /** Removes rows that no state names: those of changes that were not finished, and those that were replaced. */
  clean(): Promise<void> {
    return this.#turns.take(() => this.#clean());
  }

  async #policyOf(named: NamedSecret): Promise<string | undefined> {
    try {
      const { policy, secret } = await this.#read(named);
      secret.fill(0);
      return policy;
    } catch (error) {
      if (!isEnclosError(error, 'SERVICE_STATE_INVALID')) throw error;
      this.#options.onRefused(error);
      return undefined;
    }
  }

  async #read(named: NamedSecret): Promise<SecretRow> {
    const { protection, store, configurationDigest } = this.#options;
    const row = await answered(store.storeRead({ key: this.#keyOf(named) }, storeCall));
    if (row === undefined) return refuseState('lost');
    if (toBase64url(sha256(row.bytes)) !== named.digest) return refuseState('other-row');
    const { record } = await protection.open(row.bytes, this.#placeOf(named.name));
    const opened = decoded(record);
    record.fill(0);
    if (opened.configurationDigest === configurationDigest) return opened;
    opened.secret.fill(0);
    return refuseState('configuration');
  }

  /** What is done is done: rows that stay are tried again with the next change, and at the next start. */
  async #clean(): Promise<void> {
    try {
      const { document, epoch } = await this.#options.state.read({ fresh: true });
      // A fresh replica that is shown an empty store must not finish what that began.
      if (epoch === 0) return;
      const named = new Set(document.secrets.map(({ digest }) => digest));
      const keys = keysIn(await answered(this.#options.store.storeKeys({ prefix: this.#prefix }, storeCall)));
      for (const key of keys) {
        const digest = key.slice(this.#prefix.length);
        if (key.startsWith(this.#prefix) && digestPattern.test(digest) && !named.has(digest)) await this.#drop(key);
      }
    } catch (error) {
      this.#options.onRefused(error);
    }
  }

  async #drop(key: string): Promise<void> {
    const { store } = this.#options;
    const row = await answered(store.storeRead({ key }, storeCall));
    if (row !== undefined) await answered(store.storeRemove({ key, version: row.version }, storeCall));
  }

  #keyOf({ digest }: NamedSecret): string {
    return `${this.#prefix}${digest}`;
  }

  /** What a row is sealed for: not where it lies, which follows from the seal, but whose it is. */
  #placeOf(name: string): RecordPlace {
    return { key: `${this.#prefix}${name}`, issuer: this.#options.issuer };
  }
}

function decoded(record: Uint8Array): SecretRow {
  try {
    return decodeSecretRow(record);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return refuseState('well-formed', error);
  }
}
