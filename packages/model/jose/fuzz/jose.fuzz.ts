import { utf8 } from '@enclos/codec';
import { isJsonObject, parseJsonBytes } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import {
  algorithmOfSignatureKey,
  jwkOf,
  publicKeyOfJwk,
  publicKeyOfSpki,
  readCompactJws,
  readJwt,
  readKeySet,
  readX5c,
  samePublicKey,
  unsignedJws,
} from '../src/index.ts';
import { encryptWrappedJwe, openJwe, readCompactJwe } from '../src/node/index.ts';
import { b64url, ecKey, rsaKey } from '../test/keys.ts';

const bounds = { maxLength: 100_000 };
const certificates = { maxCertificates: 4, maxBytes: 4096 };
const rsa = rsaKey().publicKey;
const ec = ecKey().publicKey;
const wrappingKey = new Uint8Array(32);
const content = utf8('content');

export const seeds: readonly Uint8Array[] = [
  utf8(unsignedJws('{"a":1}')),
  encryptWrappedJwe(content, wrappingKey),
  utf8(`${b64url({ alg: 'RS256', kid: 'k', x5c: ['AQ=='] })}.${b64url({ iss: 'a' })}.${b64url('signature')}`),
  utf8(JSON.stringify({ keys: [{ ...rsa.export({ format: 'jwk' }), kid: 'rsa', alg: 'RS256', x5c: ['AQ=='] }] })),
  utf8(JSON.stringify({ keys: [{ ...ec.export({ format: 'jwk' }), kid: 'ec', use: 'sig' }] })),
  new Uint8Array(rsa.export({ type: 'spki', format: 'der' })),
  new Uint8Array(ec.export({ type: 'spki', format: 'der' })),
];

/** Texts and keys of strangers: read or refused. What is read is what the engine reads too, and has one spelling. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder().decode(data);
  const readers = [
    () => readText(text),
    () => readKeys(data),
    () => sameAgain(publicKeyOfSpki(data)),
    () => openText(data),
  ];
  for (const read of readers) {
    try {
      read();
    } catch (error) {
      if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    }
  }
}

function readText(text: string): void {
  const { signingInput, signature, payload } = readCompactJws(text, bounds);
  if (`${Buffer.from(signingInput).toString()}.${b64url(signature)}` !== text) throw new Error('Two texts, one JWS.');
  const { claims } = readJwt(text, bounds);
  if (JSON.stringify(claims) !== JSON.stringify(JSON.parse(Buffer.from(payload).toString()))) {
    throw new Error('Claims that the engine reads otherwise.');
  }
}

function openText(data: Uint8Array): void {
  const opened = openJwe(readCompactJwe(data, { maxBytes: 100_000 }), wrappingKey);
  if (opened.length !== content.length) throw new Error('A JWE opened to other content.');
}

function readKeys(data: Uint8Array): void {
  const document = parseJsonBytes(data, 100_000);
  const keys = isJsonObject(document) ? document['keys'] : undefined;
  readKeySet(keys, 16, (_kid, jwk) => {
    algorithmOfSignatureKey(jwk);
    const key = publicKeyOfJwk(jwk);
    if (key !== undefined) sameAgain(key);
    if (jwk['x5c'] !== undefined) readX5c(jwk['x5c'], certificates);
  });
}

function sameAgain(key: ReturnType<typeof publicKeyOfSpki>): void {
  const again = publicKeyOfJwk(jwkOf(key));
  if (again === undefined || !samePublicKey(key, again)) throw new Error('A key that its own JWK does not give.');
}
