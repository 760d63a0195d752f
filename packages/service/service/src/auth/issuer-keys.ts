import { SharedWork } from '@enclos/bounded';
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { algorithmOfSignatureKey, publicKeyOfJwk, readKeySet as readJwks } from '@enclos/jose';
import { nodePublicKeyOf, type NodePublicKey } from '@enclos/jose/node';
import '../errors.ts';

export interface IssuerKey {
  readonly key: NodePublicKey;
  /** The one algorithm that the issuer uses it with, when it says so. */
  readonly algorithm: string | undefined;
}

/** Keys by `kid`. */
export type KeySet = ReadonlyMap<string, IssuerKey>;

const maximumText = 262_144;
const maximumKeys = 100;

/** Reads the text of a JWKS (RFC 7517 section 5): see `keySetOf`. @throws a CODEC error. */
export function readKeySet(text: string): KeySet {
  const value = parseJson(text, maximumText);
  if (!isJsonObject(value)) throw new EnclosError('CODEC_INVALID', 'A JWKS is a JSON object.');
  return keySetOf(value['keys']);
}

/**
 * The public RSA and EC keys for signatures that have a `kid`. An issuer may publish others, which are left out:
 * symmetric keys, keys for encryption, weak ones.
 *
 * @throws CODEC_INVALID when two have one `kid`, when one is not an object, or when there are more than 100.
 */
export function keySetOf(keys: JsonValue | undefined): KeySet {
  const usable = [...readJwks(keys, maximumKeys, (_kid, jwk) => readKey(jwk))];
  return new Map(usable.flatMap(([kid, key]) => (key === undefined ? [] : [[kid, key] as const])));
}

function readKey(jwk: JsonObject): IssuerKey | undefined {
  try {
    const algorithm = algorithmOfSignatureKey(jwk);
    const publicKey = publicKeyOfJwk(jwk);
    return publicKey === undefined ? undefined : { key: nodePublicKeyOf(publicKey), algorithm };
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}

export interface IssuerKeysOptions {
  /** The text of the JWKS. */
  readonly fetch: () => Promise<string>;
  /** Milliseconds since anything. */
  readonly elapsed: () => number;
}

/** Ages in milliseconds. */
const times = Object.freeze({
  /** Keys are fetched anew when they are older. */
  refresh: 3_600_000,
  /** Nothing is fetched sooner after the last attempt, whatever came of it: unknown key ids are a stranger's to send. */
  cooldown: 30_000,
  /** While the issuer does not answer, keys serve until they are this old: a key that it took back must end too. */
  most: 86_400_000,
});

/** Looks up keys of an issuer by id, fetches them when needed, and no more often than the cooldown lets it. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys: KeySet | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  readonly #refreshing = new SharedWork<void>();

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** @returns nothing for an id that the issuer does not have. @throws SERVICE_ISSUER_UNREACHABLE when there are no keys to look at. */
  async find(kid: string): Promise<IssuerKey | undefined> {
    const { refresh, most } = times;
    // A refresh does not reject, and a caller whose key is there does not wait for it.
    const refreshing = this.#age() > refresh || this.#keys?.has(kid) !== true ? this.#refresh() : undefined;
    if (this.#age() > most || this.#keys?.has(kid) !== true) await refreshing;
    if (this.#keys === undefined || this.#age() > most) throw new EnclosError('SERVICE_ISSUER_UNREACHABLE');
    return this.#keys.get(kid);
  }

  #age(): number {
    return this.#options.elapsed() - this.#fetchedAt;
  }

  #refresh(): Promise<void> {
    return this.#refreshing.join(() => this.#fetch());
  }

  async #fetch(): Promise<void> {
    const { fetch, elapsed } = this.#options;
    const askedAt = elapsed();
    if (askedAt - this.#triedAt < times.cooldown) return;
    this.#triedAt = askedAt;
    try {
      this.#keys = readKeySet(await fetch());
      this.#fetchedAt = askedAt;
    } catch {
      // The keys that are there serve on, for as long as `find` lets them.
    }
  }
}
