/** A value that JSON can write. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };
export type JsonClaims = Readonly<Record<string, JsonValue>>;

/** A key as `/certs` shows it. */
export interface PublishedKey {
  readonly kid: string;
  readonly kty: 'RSA' | 'EC';
  readonly alg: string;
  /** Public members: n and e, or crv, x and y. */
  readonly jwk: Readonly<Record<string, string>>;
  /** DER, base64; the first one certifies the key and carries the evidence of the enclave that holds it. */
  readonly x5c: readonly string[];
}

export interface SignOptions {
  /** Leave `iss`, `iat`, `nbf`, `exp` and `jti` to the claims. Default: they are set. */
  readonly validityMinutes?: number;
}

/** Signs the tokens of one tenant with a key that was born in this enclave. */
export interface TokenSigner {
  /** A JWT (JWS compact) of the claims with `iss`, `iat`, `nbf`, `exp` and `jti`, header alg, kid, jku and typ. */
  sign(claims: JsonClaims, options?: SignOptions): Promise<string>;
  /** This replica's keys and those of its peers whose evidence was appraised, the one that signs first. */
  publishedKeys(): Promise<readonly PublishedKey[]>;
}
