import { constants, createDecipheriv, createPublicKey, diffieHellman, KeyObject, privateDecrypt } from 'node:crypto';
import { concatBytes } from '@enclos/codec';
import { isJsonObject, parseJsonBytes, type JsonObject } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { publicKeyOfJwk, jwkOf } from '../public-key.ts';
import { reading, refuse, type JoseRule } from '../refusal.ts';
import { decodedLength, decodePieces } from './base64url-pieces.ts';
import { deriveKey, unwrapKey } from './key-wrapping.ts';

/** How the content key of a JWE that can be opened here is wrapped. */
const algorithms = ['A256KW', 'ECDH-ES+A256KW', 'RSA-OAEP-256'] as const;
export type OpenedJweAlgorithm = (typeof algorithms)[number];

/** A JWE in compact form (RFC 7516 section 7.1) that was read and not opened. */
export interface Jwe {
  /** All of it is authenticated when the JWE is opened, and nothing before. */
  readonly header: JsonObject;
  readonly algorithm: OpenedJweAlgorithm;
  /** Bytes of the content. */
  readonly sizeBytes: number;
  /** The parts as they stand, in ASCII. */
  readonly parts: {
    readonly header: Uint8Array;
    readonly encryptedKey: Uint8Array;
    readonly nonce: Uint8Array;
    readonly content: Uint8Array;
    readonly tag: Uint8Array;
  };
}

export interface JweBounds {
  /** Bytes of the content. */
  readonly maxBytes: number;
}

const dot = 0x2e;
const maximumHeaderBytes = 32_768;
const maximumHeaderValues = 64;
/** RSA of 8,192 bits. */
const maximumKeyBytes = 1024;
const nonceBytes = 12;
const tagBytes = 16;
const contentKeyBytes = 32;
/** What changes how a JWE is read (RFC 7516 section 4.1). */
const forbidden: readonly (readonly [parameter: string, rule: JoseRule])[] = [
  ['crit', 'critical-header'],
  ['zip', 'critical-header'],
];
/** What this reader leaves out of the key derivation (RFC 7518 section 4.6.1). */
const partyInformation = ['apu', 'apv'] as const;

/**
 * Reads a JWE in compact form strictly, and opens nothing: canonical base64url, a header that is a JSON object without
 * duplicates, one of three algorithms, content under A256GCM. The content is a view, decoded when it is opened.
 *
 * @param text the characters, in ASCII.
 * @throws a CODEC error with the rule `form`, `size`, `algorithm` or `critical-header`.
 */
export function readCompactJwe(text: Uint8Array, { maxBytes }: JweBounds): Jwe {
  const [headerPart, keyPart, noncePart, contentPart, tagPart] = partsOf(text);
  const sizeBytes = decodedLength(contentPart.length);
  if (sizeBytes > maxBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `The content of the JWE has more than ${maxBytes} bytes.`, {
      details: { rule: 'size' },
    });
  }
  const header = readHeader(headerPart);
  const { alg, enc } = header;
  const algorithm = algorithms.find((name) => name === alg);
  if (algorithm === undefined || enc !== 'A256GCM') {
    return refuse('algorithm', 'The JWE names other algorithms than those that are opened here.');
  }
  const encryptedKey = decode(keyPart, maximumKeyBytes);
  const nonce = decode(noncePart, nonceBytes);
  const tag = decode(tagPart, tagBytes);
  if (nonce.length !== nonceBytes || tag.length !== tagBytes) {
    return refuse('form', 'The nonce or the tag of the JWE has another length.');
  }
  const parts = Object.freeze({ header: headerPart, encryptedKey, nonce, content: contentPart, tag });
  return Object.freeze({ header, algorithm, sizeBytes, parts });
}

/**
 * The content of a JWE. Nothing of it is handed out before its tag was verified.
 *
 * @param key 32 bytes for A256KW, otherwise a private key of the type that the algorithm takes.
 * @throws CODEC_INVALID with the rule `decryption` when the key does not open it, and `kty` for a key of another type.
 */
export function openJwe(jwe: Jwe, key: KeyObject | Uint8Array): Uint8Array {
  const { parts, sizeBytes } = jwe;
  const contentKey = contentKeyOf(jwe, key);
  if (contentKey?.length !== contentKeyBytes) return notOpened();
  const decipher = createDecipheriv('aes-256-gcm', contentKey, parts.nonce, { authTagLength: tagBytes });
  contentKey.fill(0);
  decipher.setAAD(parts.header).setAuthTag(parts.tag);
  const content = new Uint8Array(sizeBytes);
  let at = 0;
  try {
    for (const piece of decodePieces(parts.content)) {
      const plain = decipher.update(piece);
      content.set(plain, at);
      at += plain.length;
    }
    decipher.final();
  } catch (error) {
    content.fill(0);
    // What was not base64url says so; what the engine says would be of no use to anyone.
    if (isEnclosError(error)) throw error;
    return notOpened();
  }
  return content;
}

function contentKeyOf({ algorithm, header, parts }: Jwe, key: KeyObject | Uint8Array): Uint8Array | undefined {
  if (algorithm === 'A256KW') {
    const isKey = !(key instanceof KeyObject) && key.length === contentKeyBytes;
    return isKey ? unwrapKey(parts.encryptedKey, key) : refuse('kty', 'A key of 32 bytes is wanted.');
  }
  const wantedType = algorithm === 'RSA-OAEP-256' ? 'rsa' : 'ec';
  if (!(key instanceof KeyObject) || key.type !== 'private' || key.asymmetricKeyType !== wantedType) {
    return refuse('kty', 'The key is not a private one of the type that the algorithm takes.');
  }
  return algorithm === 'RSA-OAEP-256' ? decryptByRsa(parts.encryptedKey, key) : agreeByCurve({ header, parts }, key);
}

function decryptByRsa(encryptedKey: Uint8Array, key: KeyObject): Uint8Array | undefined {
  try {
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, encryptedKey);
  } catch {
    return undefined;
  }
}

/** RFC 7518 section 4.6. */
function agreeByCurve({ header, parts }: Pick<Jwe, 'header' | 'parts'>, privateKey: KeyObject): Uint8Array | undefined {
  const { epk } = header;
  const ephemeral = isJsonObject(epk) ? publicKeyOfJwk(epk) : undefined;
  if (ephemeral === undefined) return refuse('members', 'The JWE has no key that this one could agree with.');
  try {
    // The engine refuses a point that is not on the curve, and one of another curve.
    const publicKey = createPublicKey({ key: jwkOf(ephemeral), format: 'jwk' });
    const agreed = diffieHellman({ privateKey, publicKey });
    const wrappingKey = deriveKey(agreed, 'ECDH-ES+A256KW');
    agreed.fill(0);
    const contentKey = unwrapKey(parts.encryptedKey, wrappingKey);
    wrappingKey.fill(0);
    return contentKey;
  } catch {
    return undefined;
  }
}

function partsOf(text: Uint8Array): readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array] {
  const dots: number[] = [];
  for (let at = text.indexOf(dot); at !== -1 && dots.length < 5; at = text.indexOf(dot, at + 1)) dots.push(at);
  const [first, second, third, fourth, ...more] = dots;
  if (first === undefined || second === undefined || third === undefined || fourth === undefined || more.length > 0) {
    return refuse('form', 'The JWE is not five parts of base64url.');
  }
  return [
    text.subarray(0, first),
    text.subarray(first + 1, second),
    text.subarray(second + 1, third),
    text.subarray(third + 1, fourth),
    text.subarray(fourth + 1),
  ];
}

function readHeader(part: Uint8Array): JsonObject {
  const bytes = decode(part, maximumHeaderBytes);
  const header = reading('form', 'The header of the JWE', () =>
    parseJsonBytes(bytes, maximumHeaderBytes, { maxValues: maximumHeaderValues }),
  );
  if (!isJsonObject(header)) return refuse('form', 'The header of the JWE is not a JSON object.');
  for (const [parameter, rule] of forbidden) {
    if (Object.hasOwn(header, parameter)) refuse(rule, `The JWE has the header parameter ${parameter}.`);
  }
  for (const parameter of partyInformation) {
    // Some writers have both, and nothing in them.
    if ((header[parameter] ?? '') !== '') refuse('critical-header', 'The JWE has information about a party.');
  }
  return header;
}

function decode(part: Uint8Array, maxBytes: number): Uint8Array {
  if (decodedLength(part.length) > maxBytes) refuse('form', 'A part of the JWE is too long.');
  return concatBytes(...decodePieces(part));
}

function notOpened(): never {
  return refuse('decryption', 'The key does not open the JWE, or the JWE was changed.');
}
