import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { utf8 } from '@enclos/codec';
import { signatureKeyOfSpki, type SignatureKey } from '@enclos/jose';
import { thumbprintOf } from '@enclos/jose/node';
import type { ReceiptAlgorithm, ReceiptClaims, ReceiptSigner } from '../src/index.ts';

export const digestOf = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

export const request = utf8('{"inputs":[1,2,3]}');
export const response = utf8('{"outputs":[7]}');
export const evidence = utf8('a quote');

export const claims: ReceiptClaims = Object.freeze({
  issuer: 'https://models.example.com',
  issuedAt: 1_790_000_000,
  requestId: 'b1f5',
  sequence: 41,
  model: 'digits',
  modelVersion: '3',
  modelDigest: digestOf('model'),
  requestDigest: digestOf(request),
  responseDigest: digestOf(response),
  tee: 'sgx',
  measurement: digestOf('enclave'),
  evidenceDigest: digestOf(evidence),
  keySetDigest: digestOf('keys'),
  policyDigest: digestOf('policy'),
});

export interface TestSigner extends ReceiptSigner {
  readonly key: SignatureKey;
  readonly privateKey: KeyObject;
}

export function signerOf(algorithm: ReceiptAlgorithm): TestSigner {
  const pair =
    algorithm === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { privateKey, publicKey } = pair;
  const key = signatureKeyOfSpki(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
  const hash = algorithm === 'EdDSA' ? null : 'sha256';
  return {
    algorithm,
    kid: thumbprintOf(key),
    key,
    privateKey,
    sign: (input) => new Uint8Array(sign(hash, input, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
  };
}
