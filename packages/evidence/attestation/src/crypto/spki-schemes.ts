import { constants, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';
import type { SpkiScheme } from './crypto-steps.ts';

interface NodeScheme {
  readonly keyType: 'ec' | 'rsa';
  readonly curve?: string;
  readonly hash: string;
  readonly options: Omit<VerifyKeyObjectInput, 'key'>;
}

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants;

/** What node:crypto calls the schemes. */
export const verifyOptions: Readonly<Record<SpkiScheme, NodeScheme>> = Object.freeze({
  'ecdsa-p384-sha384': {
    keyType: 'ec',
    curve: 'secp384r1',
    hash: 'sha384',
    options: { dsaEncoding: 'ieee-p1363' },
  },
  'rsa-pss-sha384': { keyType: 'rsa', hash: 'sha384', options: { padding: RSA_PKCS1_PSS_PADDING, saltLength: 48 } },
  'rsa-pkcs1-sha256': { keyType: 'rsa', hash: 'sha256', options: { padding: RSA_PKCS1_PADDING } },
});

/** True when the key is of the type, and on the curve, of the scheme. */
export function isKeyOf(scheme: SpkiScheme, key: KeyObject): boolean {
  const { keyType, curve } = verifyOptions[scheme];
  return key.asymmetricKeyType === keyType && key.asymmetricKeyDetails?.namedCurve === curve;
}
