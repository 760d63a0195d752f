import { constants, createCipheriv, publicEncrypt, randomBytes, type KeyObject } from 'node:crypto';
import type { JsonObject } from '@enclos/codec/json';
import { concatBytes, toBase64url } from '@enclos/codec';
import { misused, refuseKey } from './errors.ts';
import { encryptJwe, type JweAlgorithm } from '@enclos/jose/node';
import { readReleaseKey } from './release-key.ts';

/** What Azure calls `enc` in a request for a key, and the digest of its OAEP. */
const oaepDigests = Object.freeze({
  CKM_RSA_AES_KEY_WRAP: 'sha1',
  RSA_AES_KEY_WRAP_256: 'sha256',
  RSA_AES_KEY_WRAP_384: 'sha384',
} as const);

type KeyWrapAlgorithm = keyof typeof oaepDigests;

export const wrapAlgorithms = Object.freeze([
  'CKM_RSA_AES_KEY_WRAP',
  'RSA_AES_KEY_WRAP_256',
  'RSA_AES_KEY_WRAP_384',
  'RSA-OAEP-256',
  'ECDH-ES+A256KW',
] as const satisfies readonly (JweAlgorithm | KeyWrapAlgorithm)[]);
export type WrapAlgorithm = (typeof wrapAlgorithms)[number];

export interface WrappedSecret {
  /** `transfer-blob`: the JSON that Azure hands out in `key_hsm`; `jwe`: RFC 7516, compact. */
  readonly form: 'jwe' | 'transfer-blob';
  readonly text: string;
}

const maximumSecretBytes = 65_536;
/** RFC 5649 section 3. */
const paddedWrapInitialValue = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6);
const wrappingKeyBytes = 32;

/**
 * Wraps a secret to the public key of a requester, so that no other party can open
 * it. The key must be one that the evidence binds: `releaseKeyOf` finds it.
 *
 * @param secret 1 to 65,536 bytes. For a private key its PKCS #8 encoding, as Azure has it.
 * @throws RELEASE_KEY_REFUSED; `details.rule` says what the key lacks.
 * @throws RELEASE_MISUSED for an empty or oversized secret, or an unknown algorithm.
 */
export function wrapSecret(secret: Uint8Array, jwk: JsonObject, algorithm: WrapAlgorithm): WrappedSecret {
  if (secret.length === 0 || secret.length > maximumSecretBytes) {
    return misused(`A secret of 1 to ${maximumSecretBytes} bytes is wanted.`);
  }
  if (!isWrapAlgorithm(algorithm)) return misused('The algorithm is not one that secrets are wrapped with.');
  const key = readReleaseKey(jwk);
  if (key.algorithm !== undefined && key.algorithm !== algorithm) {
    return refuseKey('alg', 'The key is for another algorithm than the one that was asked for.');
  }
  if ((key.type === 'RSA') === (algorithm === 'ECDH-ES+A256KW')) {
    return refuseKey('kty', 'The type of the key does not fit the algorithm.');
  }
  if (!isKeyWrap(algorithm)) return Object.freeze({ form: 'jwe', text: encryptJwe(secret, key, algorithm) });
  const ciphertext = toBase64url(wrapByRsaAes(secret, key.key, oaepDigests[algorithm]));
  const header = { kid: key.kid, alg: 'dir', enc: algorithm };
  const blob = { schema_version: '1.0.0', header, ciphertext, generator: 'Enclos' };
  return Object.freeze({ form: 'transfer-blob', text: JSON.stringify(blob) });
}

/** What a secret is wrapped with by default: what the key is for, or the stronger one of its type. */
export function usualAlgorithm({ alg, kty }: JsonObject): WrapAlgorithm {
  if (typeof alg === 'string' && isWrapAlgorithm(alg)) return alg;
  return kty === 'EC' ? 'ECDH-ES+A256KW' : 'RSA_AES_KEY_WRAP_256';
}

/**
 * PKCS #11 section 2.1.21: an AES key that is used once, under RSA-OAEP, then the
 * secret under that key by AES key wrap with padding (RFC 5649).
 */
function wrapByRsaAes(secret: Uint8Array, key: KeyObject, oaepHash: string): Uint8Array {
  const wrappingKey = new Uint8Array(randomBytes(wrappingKeyBytes));
  const encryptedKey = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, wrappingKey);
  const cipher = createCipheriv('id-aes256-wrap-pad', wrappingKey, paddedWrapInitialValue);
  const wrapped = concatBytes(cipher.update(secret), cipher.final());
  wrappingKey.fill(0);
  return concatBytes(encryptedKey, wrapped);
}

function isKeyWrap(algorithm: WrapAlgorithm): algorithm is KeyWrapAlgorithm {
  return Object.hasOwn(oaepDigests, algorithm);
}

export function isWrapAlgorithm(algorithm: string): algorithm is WrapAlgorithm {
  return wrapAlgorithms.some((known) => known === algorithm);
}
