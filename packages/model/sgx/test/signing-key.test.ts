import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { sigstructFields } from '@enclos/testkit';
import { generateSigningKey, loadSigningKey, publicModulus, signSigstruct } from '../src/node.ts';
import { completeSigstruct, parseSigstruct, sigstructToSign, type SigstructFields } from '../src/index.ts';
import { refused } from './refused.ts';

const key = generateSigningKey();

test('a signing key is RSA-3072 with exponent 3 and survives PEM', () => {
  assert.equal(key.asymmetricKeyDetails?.modulusLength, 3072);
  assert.equal(key.asymmetricKeyDetails?.publicExponent, 3n);
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    const pem = key.export({ type, format: 'pem' }).toString();
    assert.ok(loadSigningKey(pem).equals(key));
    assert.ok(loadSigningKey(new TextEncoder().encode(pem)).equals(key));
  }
});

test('the modulus is the same from the private and the public key, top bit set', () => {
  const modulus = publicModulus(key);
  assert.equal(modulus.length, 384);
  assert.ok((modulus[383] ?? 0) >= 0x80);
  assert.deepEqual(publicModulus(createPublicKey(key)), modulus);
});

test('other keys are refused, with what they are and how to make a right one', () => {
  const others = [
    generateKeyPairSync('rsa', { modulusLength: 3072, publicExponent: 65537 }).privateKey,
    generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey,
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    generateKeyPairSync('ed25519').privateKey,
  ];
  for (const other of others) {
    const pem = other.export({ type: 'pkcs8', format: 'pem' });
    refused('SIGNING_KEY_INVALID', () => loadSigningKey(pem.toString()));
    refused('SIGNING_KEY_INVALID', () => publicModulus(other));
  }
  assert.throws(() => publicModulus(others[0] ?? key), { message: /rsa 3072 e=65537/, next: /openssl genrsa -3/ });
});

test('public keys, encrypted keys and garbage are not signing keys', () => {
  const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' });
  for (const pem of [encrypted.toString(), publicPem.toString(), '', 'not a key']) {
    refused('SIGNING_KEY_INVALID', () => loadSigningKey(pem));
  }
  const der = key.export({ type: 'pkcs8', format: 'der' });
  assert.throws(() => loadSigningKey(new Uint8Array(der)), /private key in PEM\. It begins like DER\.$/);
});

test('a public key cannot sign; a signature made elsewhere completes a SIGSTRUCT', () => {
  const fields: SigstructFields = sigstructFields();
  refused('SIGNING_KEY_INVALID', () => signSigstruct(fields, createPublicKey(key)));
  const signed = signSigstruct(fields, key);
  const { modulus, signature } = parseSigstruct(signed);
  assert.deepEqual(completeSigstruct(fields, { modulus, signature }), signed);
  // The modulus is part of SIGSTRUCT but not of what is signed.
  assert.equal(sigstructToSign(fields).length, 256);
});
