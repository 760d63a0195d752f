import {
  createCipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  publicEncrypt,
  constants,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { concatBytes, toBase64url, utf8 } from '@enclos/codec';
import { refuse } from '../refusal.ts';
import { deriveKey, wrapKey } from './key-wrapping.ts';
import type { NodePublicKey } from './verify.ts';

const contentKeyBytes = 32;

export type JweAlgorithm = 'ECDH-ES+A256KW' | 'RSA-OAEP-256';

/** A public key that a JWE is encrypted to. */
export interface EncryptionKey extends NodePublicKey {
  readonly kid: string;
}

/**
 * A JWE in compact form (RFC 7516 section 7.1), its content under A256GCM. Over
 * node:crypto, which enclaves have, so that no library joins what must be trusted
 * for it; a library opens it in the tests.
 *
 * @throws CODEC_INVALID with the rule `kty` for a key of a type that the algorithm does not take.
 */
export function encryptJwe(secret: Uint8Array, { kid, key, type }: EncryptionKey, algorithm: JweAlgorithm): string {
  if ((type === 'RSA') !== (algorithm === 'RSA-OAEP-256')) {
    return refuse('kty', 'The type of the key does not fit the algorithm.');
  }
  const contentKey = new Uint8Array(randomBytes(contentKeyBytes));
  const nonce = new Uint8Array(randomBytes(12));
  const wrapped = algorithm === 'RSA-OAEP-256' ? wrapByRsa(contentKey, key) : wrapByCurve(contentKey, key);
  const header = { alg: algorithm, enc: 'A256GCM', kid, ...wrapped.header };
  const protectedHeader = toBase64url(utf8(JSON.stringify(header)));
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonce);
  cipher.setAAD(utf8(protectedHeader));
  const content = concatBytes(cipher.update(secret), cipher.final());
  contentKey.fill(0);
  const parts = [wrapped.encryptedKey, nonce, content, cipher.getAuthTag()];
  return [protectedHeader, ...parts.map((part) => toBase64url(part))].join('.');
}

interface WrappedKey {
  readonly encryptedKey: Uint8Array;
  readonly header: object;
}

/** RFC 7518 section 4.3. */
function wrapByRsa(contentKey: Uint8Array, key: KeyObject): WrappedKey {
  const options = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  return { encryptedKey: publicEncrypt(options, contentKey), header: {} };
}

/** RFC 7518 sections 4.6 and 4.4: a key that is used once, agreed with theirs, wraps the content key. */
function wrapByCurve(contentKey: Uint8Array, key: KeyObject): WrappedKey {
  const { namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  const agreed = diffieHellman({ privateKey, publicKey: key });
  const wrappingKey = deriveKey(agreed, 'ECDH-ES+A256KW');
  const encryptedKey = wrapKey(contentKey, wrappingKey);
  agreed.fill(0);
  wrappingKey.fill(0);
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { encryptedKey, header: { epk: { kty, crv, x, y } } };
}
