import type { Subtle } from '../../crypto/web-crypto.ts';

type ImportParameters = Exclude<Parameters<Subtle['importKey']>[2], string>;
type VerifyParameters = Exclude<Parameters<Subtle['verify']>[0], string>;

/** How a JWS algorithm (RFC 7518 section 3.1) checks, and which keys it takes. */
export interface SignatureScheme {
  readonly keyType: 'RSA' | 'P-256' | 'P-384' | 'P-521';
  readonly importKey: ImportParameters;
  readonly verify: VerifyParameters;
}

const pkcs1 = (bits: number): SignatureScheme => ({
  keyType: 'RSA',
  importKey: { name: 'RSASSA-PKCS1-v1_5', hash: `SHA-${bits}` },
  verify: { name: 'RSASSA-PKCS1-v1_5' },
});
const pss = (bits: number): SignatureScheme => ({
  keyType: 'RSA',
  importKey: { name: 'RSA-PSS', hash: `SHA-${bits}` },
  verify: { name: 'RSA-PSS', saltLength: bits / 8 },
});
const ecdsa = (curve: 'P-256' | 'P-384' | 'P-521', bits: number): SignatureScheme => ({
  keyType: curve,
  importKey: { name: 'ECDSA', namedCurve: curve },
  verify: { name: 'ECDSA', hash: `SHA-${bits}` },
});

/** Every algorithm that can be allowed: asymmetric ones only. `none` and HMAC have no entry, so callers cannot allow them. */
export const signatureSchemes = Object.freeze({
  RS256: pkcs1(256),
  RS384: pkcs1(384),
  RS512: pkcs1(512),
  PS256: pss(256),
  PS384: pss(384),
  PS512: pss(512),
  ES256: ecdsa('P-256', 256),
  ES384: ecdsa('P-384', 384),
  ES512: ecdsa('P-521', 512),
} as const satisfies Record<string, SignatureScheme>);

export type SignatureAlgorithm = keyof typeof signatureSchemes;

export function isSignatureAlgorithm(name: string): name is SignatureAlgorithm {
  return Object.hasOwn(signatureSchemes, name);
}
