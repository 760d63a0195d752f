/** How a JWS algorithm (RFC 7518 section 3.1) verifies, and which keys it takes. */
export interface SignatureScheme {
  /** RSA, or the curve of ECDSA: an ES algorithm names its curve too (RFC 7518 section 3.4). */
  readonly keyType: 'RSA' | 'P-256' | 'P-384' | 'P-521' | 'Ed25519';
  readonly hashBits: 256 | 384 | 512;
  /** Undefined for curves. The salt of PSS is as long as the hash (RFC 7518 section 3.5). */
  readonly padding?: 'pkcs1' | 'pss';
}

/** Each algorithm that tokens may have: asymmetric ones only. `none` and HMAC have no entry, so no caller can allow them. */
export const signatureSchemes = Object.freeze({
  RS256: { keyType: 'RSA', hashBits: 256, padding: 'pkcs1' },
  RS384: { keyType: 'RSA', hashBits: 384, padding: 'pkcs1' },
  RS512: { keyType: 'RSA', hashBits: 512, padding: 'pkcs1' },
  PS256: { keyType: 'RSA', hashBits: 256, padding: 'pss' },
  PS384: { keyType: 'RSA', hashBits: 384, padding: 'pss' },
  PS512: { keyType: 'RSA', hashBits: 512, padding: 'pss' },
  ES256: { keyType: 'P-256', hashBits: 256 },
  ES384: { keyType: 'P-384', hashBits: 384 },
  ES512: { keyType: 'P-521', hashBits: 512 },
} as const satisfies Record<string, SignatureScheme>);

export type SignatureAlgorithm = keyof typeof signatureSchemes;
/** EdDSA with Ed25519 (RFC 8037) beside them: only for callers that name it, since no token of an attestation service has it. */
export type JwsAlgorithm = SignatureAlgorithm | 'EdDSA';

const edwardsScheme = Object.freeze({ keyType: 'Ed25519', hashBits: 512 } as const satisfies SignatureScheme);

export function isSignatureAlgorithm(name: unknown): name is SignatureAlgorithm {
  return typeof name === 'string' && Object.hasOwn(signatureSchemes, name);
}

/** The scheme of an algorithm. A scheme is found by name only, so that no key decides how it is used. */
export function schemeOf(algorithm: JwsAlgorithm): SignatureScheme {
  return algorithm === 'EdDSA' ? edwardsScheme : signatureSchemes[algorithm];
}
