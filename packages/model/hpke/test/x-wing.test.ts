import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fromHex, toHex, utf8 } from '@enclos/codec';
import { XWing } from '@noble/post-quantum/hybrid.js';
import { Hpke, KemKeyPair, aeadIds, kdfIds, kemIds, webEngine, xWingFrom, type HpkeEngine } from '../src/index.ts';
import { hasXWing, nodeEngine, xWingPublicKey } from '../src/node/index.ts';
import { is } from './scene.ts';
import { xWingVector } from './vectors.ts';

const suite = { kem: kemIds.xWing, kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm };
const random = (length: number): Uint8Array => webcrypto.getRandomValues(new Uint8Array(length));
const library = webEngine(webcrypto, { kems: [xWingFrom(XWing, random)] });
const info = utf8('info');

const native = hasXWing() ? nodeEngine() : undefined;
const engines: readonly (readonly [string, HpkeEngine])[] = [
  ['a library', library],
  ...(native === undefined ? [] : ([['node:crypto', native]] as const)),
];
const pair = new KemKeyPair(kemIds.xWing, fromHex(xWingVector.publicKey), fromHex(xWingVector.privateKey));

for (const [name, engine] of engines) {
  test(`X-Wing over ${name} gives the shared secret of the vector`, async () => {
    const secret = await engine.kem(kemIds.xWing).decapsulate(pair, fromHex(xWingVector.enc));
    assert.equal(toHex(secret), xWingVector.sharedSecret);
  });

  test(`X-Wing over ${name}: keys of another length are refused`, async () => {
    const kem = engine.kem(kemIds.xWing);
    await assert.rejects(async () => kem.encapsulate(new Uint8Array(32)), is('HPKE_KEY_INVALID'));
    await assert.rejects(async () => kem.decapsulate(pair, new Uint8Array(1119)), is('HPKE_KEY_INVALID'));
  });

  test(`X-Wing over ${name}: both ends agree, also with the other engine`, async () => {
    for (const [, other] of engines) {
      const fresh = await other.kem(kemIds.xWing).generateKeyPair();
      const sender = await new Hpke(engine, suite).setUpSender(fresh.publicKey, info);
      const recipient = await new Hpke(other, suite).setUpRecipient(fresh, sender.enc, info);
      assert.deepEqual(await recipient.open(await sender.seal(utf8('hybrid'))), utf8('hybrid'));
    }
  });
}

if (native === undefined) {
  test('X-Wing over node:crypto, on the interpreter of enclaves', { timeout: 120_000 }, async () => {
    await assert.rejects(async () => nodeEngine().kem(kemIds.xWing), is('HPKE_UNSUPPORTED'));
    const interpreter = fileURLToPath(new URL('../../../../../node_modules/.bin/node', import.meta.url));
    const { stdout } = await promisify(execFile)(interpreter, [fileURLToPath(import.meta.url)]);
    assert.match(stdout, /X-Wing over node:crypto gives the shared secret/);
    assert.match(stdout, /# fail 0|ℹ fail 0/);
  });
} else {
  // The library accepts both, as the draft of X-Wing allows: the secret then rests on the other half alone.
  test("D7: X-Wing over node:crypto refuses an X25519 share of zeros, and a key that is not ML-KEM's", async () => {
    const kem = native.kem(kemIds.xWing);
    const publicKey = pair.publicKey.slice().fill(0, 1184);
    await assert.rejects(async () => kem.encapsulate(publicKey), is('HPKE_KEY_INVALID'));
    const coefficients = pair.publicKey.slice().fill(0xff, 0, 1152);
    await assert.rejects(async () => kem.encapsulate(coefficients), is('HPKE_KEY_INVALID'));
    const enc = fromHex(xWingVector.enc).fill(0, 1088);
    await assert.rejects(async () => kem.decapsulate(pair, enc), is('HPKE_KEY_INVALID'));
  });

  test('X-Wing over node:crypto opens the messages of the vector, and makes the public key of a seed', async () => {
    const vectorSuite = { ...suite, aead: aeadIds.chaCha20Poly1305 };
    const recipient = await new Hpke(native, vectorSuite).setUpRecipient(
      pair,
      fromHex(xWingVector.enc),
      fromHex(xWingVector.info),
    );
    for (const { plaintext, aad, ciphertext } of xWingVector.messages) {
      assert.equal(toHex(await recipient.open(fromHex(ciphertext), fromHex(aad))), plaintext);
    }
    for (const { context, length, value } of xWingVector.exports) {
      assert.equal(toHex(await recipient.export(fromHex(context), length)), value);
    }
    assert.equal(toHex(xWingPublicKey(pair.exportPrivateKey())), xWingVector.publicKey);
  });
}
