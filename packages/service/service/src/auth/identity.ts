/** The caller as the audit log names it: `sub:` and a hash of issuer and subject, or `certificate:` and its SHA-256. */
export type Principal = string;

/** The principal of a call that needs no authentication. */
export const anonymous: Principal = 'anonymous';

/** Bearer tokens of an OpenID Connect issuer. */
export interface BearerConfiguration {
  readonly issuer: string;
  /** What `aud` must be, or hold. */
  readonly audience: readonly string[];
  /** Keys of the issuer as a JWKS; without it they are fetched from the issuer over TLS that ends inside. */
  readonly keys?: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /** The roots in PEM that the issuer's TLS certificate must lead to. Needed when `keys` is absent. */
  readonly certificateAuthorities?: readonly string[];
  /** Claims that a token must have, by name and value: `{"roles": "attestation-admin"}`. */
  readonly requiredClaims?: Readonly<Record<string, string>>;
}

/** How a caller proves that it has a role. Without any way, no caller has the role. */
export interface IdentityConfiguration {
  readonly bearer?: BearerConfiguration;
  /** Client certificates, by the SHA-256 of their DER in hex. */
  readonly clientCertificates?: readonly string[];
}

/** The keys of an OpenID Connect issuer as it publishes them: the text of its JWKS. */
export type FetchKeys = (
  issuer: string,
  options: { readonly certificateAuthorities: readonly string[] },
) => Promise<string>;
