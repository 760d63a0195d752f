/** A key that signs in the name of a service, as its JWKS shows it. */
export interface PublishedKey {
  readonly kid: string;
  readonly kty: 'RSA' | 'EC';
  readonly alg: string;
  /** Public members: n and e, or crv, x and y. */
  readonly jwk: Readonly<Record<string, string>>;
  /** DER, base64; the first one certifies the key and carries the evidence of the enclave that holds it. */
  readonly x5c: readonly string[];
}
