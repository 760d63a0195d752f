import assert from 'node:assert/strict';
import type { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import * as core from '@hpke/core';
import * as noble from '@panva/hpke-noble';
import * as panva from 'hpke';
import { Hpke, KemKeyPair, aeadIds, kdfIds, kemIds, type HpkeSuite } from '../src/index.ts';
import { engines, p384Suite, x25519Suite } from './scene.ts';

// Two libraries that share no code with ours and none with each other: each opens what we seal, and we what they seal.
const info = utf8('a purpose');
const aad = utf8('bound');
const message = utf8('a request, longer than one block of any cipher here');
const aes128 = { ...x25519Suite, aead: aeadIds.aes128Gcm };
const chaCha = { ...x25519Suite, aead: aeadIds.chaCha20Poly1305 };
const mixed = { ...p384Suite, kdf: kdfIds.hkdfSha256, aead: aeadIds.aes128Gcm };

const panvaKems = {
  [kemIds.x25519]: noble.KEM_DHKEM_X25519_HKDF_SHA256,
  [kemIds.p384]: noble.KEM_DHKEM_P384_HKDF_SHA384,
  [kemIds.xWing]: noble.KEM_MLKEM768_X25519,
};
const panvaKdfs = { 1: panva.KDF_HKDF_SHA256, 2: panva.KDF_HKDF_SHA384 };
const panvaAeads = { 1: panva.AEAD_AES_128_GCM, 2: panva.AEAD_AES_256_GCM, 3: noble.AEAD_ChaCha20Poly1305 };
const suiteName = ({ kem, kdf, aead }: HpkeSuite): string => `${kem.toString(16)}, ${kdf}, ${aead}`;

for (const [name, engine] of engines) {
  for (const suite of [x25519Suite, aes128, p384Suite, mixed, ...(name === 'WebCrypto' ? [] : [chaCha])]) {
    test(`hpke of npm agrees with ours over ${name}, suite ${suiteName(suite)}`, async () => {
      const ours = new Hpke(engine, suite);
      const theirs = new panva.CipherSuite(panvaKems[suite.kem], panvaKdfs[suite.kdf], panvaAeads[suite.aead]);
      const pair = await theirs.GenerateKeyPair(true);
      const publicKey = new Uint8Array(await theirs.SerializePublicKey(pair.publicKey));
      const held = new KemKeyPair(
        suite.kem,
        publicKey,
        new Uint8Array(await theirs.SerializePrivateKey(pair.privateKey)),
      );
      const sender = await ours.setUpSender(publicKey, info);
      const opening = await theirs.SetupRecipient(pair, sender.enc, { info });
      assert.deepEqual(new Uint8Array(await opening.Open(await sender.seal(message, aad), aad)), message);
      assert.deepEqual(new Uint8Array(await opening.Export(aad, 48)), await sender.export(aad, 48));
      const sealing = await theirs.SetupSender(pair.publicKey, { info });
      const recipient = await ours.setUpRecipient(held, new Uint8Array(sealing.encapsulatedSecret), info);
      assert.deepEqual(await recipient.open(new Uint8Array(await sealing.ctx.Seal(message, aad)), aad), message);
    });
  }
}

const coreKems = {
  [kemIds.x25519]: () => new core.DhkemX25519HkdfSha256(),
  [kemIds.p384]: () => new core.DhkemP384HkdfSha384(),
};

for (const [name, engine] of engines) {
  for (const suite of [x25519Suite, p384Suite]) {
    test(`@hpke/core agrees with ours over ${name}, suite ${suiteName(suite)}`, async () => {
      const ours = new Hpke(engine, suite);
      const kem = suite.kem === kemIds.p384 ? coreKems[kemIds.p384]() : coreKems[kemIds.x25519]();
      const kdf = suite.kdf === kdfIds.hkdfSha384 ? new core.HkdfSha384() : new core.HkdfSha256();
      const theirs = new core.CipherSuite({ kem, kdf, aead: new core.Aes256Gcm() });
      const held = await engine.kem(suite.kem).generateKeyPair();
      const raw = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
      // Its types name the CryptoKey of browsers.
      const publicKey = (await kem.deserializePublicKey(raw(held.publicKey))) as webcrypto.CryptoKey;
      const sealing = await theirs.createSenderContext({ recipientPublicKey: publicKey, info: raw(info) });
      const recipient = await ours.setUpRecipient(held, new Uint8Array(sealing.enc), info);
      const sealed = new Uint8Array(await sealing.seal(raw(message), raw(aad)));
      assert.deepEqual(await recipient.open(sealed, aad), message);
      assert.deepEqual(new Uint8Array(await sealing.export(raw(aad), 32)), await recipient.export(aad, 32));
      const sender = await ours.setUpSender(held.publicKey, info);
      const privateKey = (await kem.deserializePrivateKey(raw(held.exportPrivateKey()))) as webcrypto.CryptoKey;
      const opening = await theirs.createRecipientContext({
        recipientKey: { privateKey, publicKey },
        enc: raw(sender.enc),
        info: raw(info),
      });
      assert.deepEqual(new Uint8Array(await opening.open(raw(await sender.seal(message, aad)), raw(aad))), message);
    });
  }
}
