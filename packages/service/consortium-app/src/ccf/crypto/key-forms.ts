import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

import { orFail, outOfRange } from '../../session/failures.ts';
import { privateKeyOf, publicKeyOf, requireKeyLength } from './bounded-keys.ts';

const types: Readonly<Record<string, readonly string[]>> = {
  ec: ['ec'],
  rsa: ['rsa'],
  okp: ['ed25519', 'x25519'],
};

/** `kind` is the family, then `public` or `private`. The answer is a JSON web key. */
export function pemToJwk(kind: string, pem: string): string {
  return orFail('Failed to convert pem to jwk', () => {
    const isPrivate = kind.endsWith(' private');
    const key = isPrivate ? privateKeyOf(pem) : publicKeyOf(pem);
    return JSON.stringify(ofFamily(kind, key).export({ format: 'jwk' }));
  });
}

export function jwkToPem(kind: string, json: string): string {
  return orFail('Failed to convert jwk to pem', () => {
    requireKeyLength(json);
    const jwk = JSON.parse(json) as JsonWebKey;
    if (kind.endsWith(' private')) {
      const key = ofFamily(kind, createPrivateKey({ key: jwk, format: 'jwk' }));
      return key.export({ type: 'pkcs8', format: 'pem' }).toString();
    }
    return ofFamily(kind, createPublicKey({ key: jwk, format: 'jwk' }))
      .export({ type: 'spki', format: 'pem' })
      .toString();
  });
}

function ofFamily(kind: string, key: KeyObject): KeyObject {
  const [family = ''] = kind.split(' ');
  if (!Object.hasOwn(types, family)) throw outOfRange('unknown kind of key');
  if (types[family]?.includes(key.asymmetricKeyType ?? '') !== true) throw new Error('the key is of another type');
  return key;
}
