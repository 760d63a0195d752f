import type { JsonValue } from '@enclos/codec/json';
import type { PublishedKey } from '@enclos/service/peers';

export type TokenAlgorithm = 'RS256' | 'ES256' | 'ES384';

export type JsonClaims = Readonly<Record<string, JsonValue>>;

export interface SignOptions {
  /** Default: that of the tenant. At least 1, and at most `maximumValidityMinutes` of the signer: more is cut to it. */
  readonly validityMinutes?: number;
  /** The time of the token. Default: now. */
  readonly at?: Date;
  /** Name the certificate of the key in the header: whole (`x5c`), or by its SHA-1 (`x5t`). Default: neither, as Azure's tokens. */
  readonly certificate?: 'x5c' | 'x5t';
}

/** Signs the tokens of one tenant with a key that was born in this enclave. */
export interface TokenSigner {
  /**
   * A JWT (JWS compact) of the claims with `iss`, `iat`, `nbf`, `exp` and `jti`, header alg, kid, jku and typ. What
   * the claims say under these names, and under the `x-enclos-` names that the signer owns, is replaced.
   */
  sign(claims: JsonClaims, options?: SignOptions): Promise<string>;
  /** This replica's keys and those of its peers whose evidence was appraised, the one that signs first. */
  publishedKeys(): Promise<readonly PublishedKey[]>;
  /** This replica's keys alone, the one that signs first. */
  ownKeys(): readonly PublishedKey[];
}

/** What a signer is made of. */
export interface TokenSignerOptions {
  /** The tenant's `issuer`: `iss`, and with `/certs` appended `jku`. */
  readonly issuer: string;
  readonly algorithm: TokenAlgorithm;
  /** The bits of RS256 keys. Default: 2048. */
  readonly rsaBits?: 2048 | 3072;
  /** How long tokens are good by default. */
  readonly validityMinutes: number;
  /** The most that a policy can ask for. Default: 1440, a day. */
  readonly maximumValidityMinutes?: number;
  /** How long a key signs, and how long before that it is published. */
  readonly keys: { readonly rotateMinutes: number; readonly overlapMinutes: number };
  /** The digest of the tenant's configuration: `x-enclos-configuration` of every token, and in the evidence of every key. */
  readonly configurationDigest: string;
  /** The tenant lists software roots: every token says `x-enclos-platform: software`. */
  readonly software: boolean;
  /** The service allows test settings: every token and certificate says so. */
  readonly testSettings: boolean;
  /** A quote over 64 bytes of report data: `quoteReportData` of `@enclos/enclave`. */
  readonly quote: (reportData: Uint8Array) => Promise<Uint8Array>;
  /** Certified keys of other replicas, appraised. Default: there are none. */
  readonly peers?: () => Promise<readonly PublishedKey[]>;
  readonly now: () => Date;
}

/** A signer whose keys change with time. */
export interface RotatingTokenSigner extends TokenSigner {
  /**
   * Does what the time asks for: makes the next key, changes to it, forgets keys whose last token has expired.
   * Called by a timer, a few times in an overlap; signing calls it too, and waits for none of it.
   * @throws what making a key or its quote throws. The keys that are there stay, and the next call tries again.
   */
  advance(): Promise<void>;
}
