import '../../errors.ts';
import { constants, createDecipheriv, generateKeyPairSync, privateDecrypt, type KeyObject } from 'node:crypto';
import { concatBytes, fromBase64url, utf8 } from '@enclos/codec';
import { isJsonObject, parseJson } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import { publicKeyOfSpki, publicMembers } from '@enclos/jose';
import { openJwe, readCompactJwe, thumbprintOf } from '@enclos/jose/node';
import { readModelKey } from './model-key.ts';

/** The key pair that an enclave makes for one release. Only the public half leaves it, inside evidence. */
export interface ReleaseKeyPair {
  readonly privateKey: KeyObject;
  /** For the `keys` of the JSON runtime data that the evidence binds. */
  readonly jwk: Readonly<Record<string, string>>;
}

/** What an attestation service hands out: `ReleasedKey` of `@enclos/attestation/client`. */
export interface WrappedModelKey {
  readonly form: 'jwe' | 'transfer-blob';
  readonly text: string;
}

/** The digests of OAEP by the name of the algorithm, as Azure has them. */
const oaepDigests: Readonly<Record<string, string>> = Object.freeze({
  CKM_RSA_AES_KEY_WRAP: 'sha1',
  RSA_AES_KEY_WRAP_256: 'sha256',
  RSA_AES_KEY_WRAP_384: 'sha384',
});
const maximumLength = 262_144;
const maximumKeyBytes = 65_536;
/** RFC 5649 section 3. */
const paddedWrapInitialValue = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6);

/** A key pair of P-256, which takes 0.1 ms, where one of RSA takes half a second. */
export function createReleaseKeyPair(): ReleaseKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKeyOfSpki(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
  const jwk = { kty: 'EC', ...publicMembers(key), use: 'enc', alg: 'ECDH-ES+A256KW', kid: thumbprintOf(key) };
  return Object.freeze({ privateKey, jwk: Object.freeze(jwk) });
}

/**
 * The key of a model that an attestation service released to this enclave, in either form.
 *
 * @throws MODEL_KEY_ANSWER_INVALID for another form, or when the private key does not open it; MODEL_KEY_INVALID.
 */
export function openReleasedKey({ form, text }: WrappedModelKey, privateKey: KeyObject): Uint8Array {
  return readModelKey(opening(() => (form === 'jwe' ? openText(text, privateKey) : openBlob(text, privateKey))));
}

/** The content of a JWE to a private key. @throws MODEL_KEY_ANSWER_INVALID */
export function openKeyJwe(text: string, privateKey: KeyObject): Uint8Array {
  return opening(() => openText(text, privateKey));
}

function openText(text: string, privateKey: KeyObject): Uint8Array {
  return openJwe(readCompactJwe(utf8(text), { maxBytes: maximumKeyBytes }), privateKey);
}

/** PKCS #11 section 2.1.21: an AES key under RSA-OAEP, then the secret under that key by AES key wrap with padding. */
function openBlob(text: string, privateKey: KeyObject): Uint8Array {
  const blob = parseJson(text, maximumLength);
  const { header, ciphertext } = isJsonObject(blob) ? blob : {};
  const oaepHash = isJsonObject(header) && typeof header['enc'] === 'string' ? oaepDigests[header['enc']] : undefined;
  const modulusBits = privateKey.asymmetricKeyDetails?.modulusLength;
  if (oaepHash === undefined || typeof ciphertext !== 'string' || modulusBits === undefined) return refuse();
  const bytes = fromBase64url(ciphertext, { maxBytes: maximumKeyBytes });
  const keyLength = Math.ceil(modulusBits / 8);
  const options = { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
  const wrappingKey = privateDecrypt(options, bytes.subarray(0, keyLength));
  const decipher = createDecipheriv('id-aes256-wrap-pad', wrappingKey, paddedWrapInitialValue);
  wrappingKey.fill(0);
  return concatBytes(decipher.update(bytes.subarray(keyLength)), decipher.final());
}

/** Parsers and engines fail in different ways, and their words could tell of the key: there is one answer for all of it. */
function opening(open: () => Uint8Array): Uint8Array {
  try {
    return open();
  } catch {
    return refuse();
  }
}

function refuse(): never {
  throw new EnclosError('MODEL_KEY_ANSWER_INVALID', 'The released key is not wrapped to the key of this enclave.');
}
