import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { fromHex, toHex, utf8 } from '@enclos/codec';
import fc from 'fast-check';
import { Hpke, KemKeyPair, aeadIds, kdfIds, kemIds, type HpkeEngine } from '../src/index.ts';
import { Opener, Sealer, maximumMessages } from '../src/hpke/sequence.ts';
import { nodeEngine } from '../src/node/index.ts';
import { engines, is, p384Suite, scriptedEngine, x25519Suite } from './scene.ts';
import { p384Kem, rfc9180 } from './vectors.ts';

const info = utf8('info');
const { privateKey, publicKey, ephemeralKey = '', enc, messages, exports } = rfc9180;
const rfcSuite = { kem: kemIds.x25519, kdf: kdfIds.hkdfSha256, aead: aeadIds.aes128Gcm };
const rfcPair = new KemKeyPair(kemIds.x25519, fromHex(publicKey), fromHex(privateKey));

test('RFC 9180 A.1.1: the sender gives the bytes of the vector', async () => {
  const hpke = new Hpke(scriptedEngine(fromHex(ephemeralKey)), rfcSuite);
  const sender = await hpke.setUpSender(rfcPair.publicKey, fromHex(rfc9180.info));
  assert.equal(toHex(sender.enc), enc);
  for (const { plaintext, aad, ciphertext } of messages) {
    assert.equal(toHex(await sender.seal(fromHex(plaintext), fromHex(aad))), ciphertext);
  }
});

for (const [name, engine] of engines) {
  test(`RFC 9180 A.1.1: the recipient opens and exports over ${name}`, async () => {
    const recipient = await new Hpke(engine, rfcSuite).setUpRecipient(rfcPair, fromHex(enc), fromHex(rfc9180.info));
    for (const { plaintext, aad, ciphertext } of messages) {
      assert.equal(toHex(await recipient.open(fromHex(ciphertext), fromHex(aad))), plaintext);
    }
    for (const { context, length, value } of exports) {
      assert.equal(toHex(await recipient.export(fromHex(context), length)), value);
    }
  });

  test(`DHKEM(P-384) gives the shared secret of the vector over ${name}`, async () => {
    const pair = new KemKeyPair(kemIds.p384, fromHex(p384Kem.publicKey), fromHex(p384Kem.privateKey));
    const secret = await engine.kem(kemIds.p384).decapsulate(pair, fromHex(p384Kem.enc));
    assert.equal(toHex(secret), p384Kem.sharedSecret);
  });

  test(`D7: a share of zeros, and every point of small order, is refused over ${name}`, async () => {
    const pair = await engine.kem(kemIds.x25519).generateKeyPair();
    const hpke = new Hpke(engine, x25519Suite);
    for (const point of smallOrder) {
      await assert.rejects(hpke.setUpSender(fromHex(point), info), is('HPKE_KEY_INVALID'));
      await assert.rejects(hpke.setUpRecipient(pair, fromHex(point), info), is('HPKE_KEY_INVALID'));
    }
  });

  test(`a point off P-384, or in another form, is refused over ${name}`, async () => {
    const pair = await engine.kem(kemIds.p384).generateKeyPair();
    const hpke = new Hpke(engine, p384Suite);
    const off = pair.publicKey.slice();
    off[96] = (off[96] ?? 0) ^ 1;
    const hybrid = pair.publicKey.slice();
    hybrid[0] = 6 + ((hybrid[96] ?? 0) & 1);
    for (const point of [off, hybrid, new Uint8Array(97)]) {
      await assert.rejects(hpke.setUpSender(point, info), is('HPKE_KEY_INVALID'));
      await assert.rejects(hpke.setUpRecipient(pair, point, info), is('HPKE_KEY_INVALID'));
    }
  });

  test(`keys and encapsulated keys of another length are refused over ${name}`, async () => {
    const pair = await engine.kem(kemIds.x25519).generateKeyPair();
    const hpke = new Hpke(engine, x25519Suite);
    for (const length of [0, 31, 33, 97]) {
      await assert.rejects(hpke.setUpSender(new Uint8Array(length), info), is('HPKE_KEY_INVALID'));
      await assert.rejects(hpke.setUpRecipient(pair, new Uint8Array(length), info), is('HPKE_KEY_INVALID'));
      assert.throws(
        () => new KemKeyPair(kemIds.x25519, new Uint8Array(length), new Uint8Array(32)),
        is('HPKE_KEY_INVALID'),
      );
    }
    await assert.rejects(
      new Hpke(engine, p384Suite).setUpRecipient(pair, new Uint8Array(97), info),
      is('HPKE_KEY_INVALID'),
    );
  });
}

/** Points whose multiples by a clamped scalar are zero (RFC 7748, section 6.1 has the check; these are known). */
const smallOrder = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

async function contexts(sending: HpkeEngine, receiving: HpkeEngine) {
  const pair = await receiving.kem(kemIds.x25519).generateKeyPair();
  const sender = await new Hpke(sending, x25519Suite).setUpSender(pair.publicKey, info);
  const recipient = await new Hpke(receiving, x25519Suite).setUpRecipient(pair, sender.enc, info);
  return { pair, sender, recipient };
}

test('messages of any size pass between both engines, and the order is kept', async () => {
  for (const [, sending] of engines) {
    for (const [, receiving] of engines) {
      const { sender, recipient } = await contexts(sending, receiving);
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 300 }),
          fc.uint8Array({ maxLength: 40 }),
          async (plaintext, aad) => {
            assert.deepEqual(await recipient.open(await sender.seal(plaintext, aad), aad), plaintext);
          },
        ),
        { numRuns: 50 },
      );
      assert.deepEqual(await sender.export(info, 100), await recipient.export(info, 100));
    }
  }
});

test('another info, aad, key or order does not open, and nothing opens after it', async () => {
  const engine = nodeEngine();
  const { pair, sender, recipient } = await contexts(engine, engine);
  const first = await sender.seal(utf8('first'), utf8('aad'));
  const second = await sender.seal(utf8('second'), utf8('aad'));
  const hpke = new Hpke(engine, x25519Suite);
  const other = await engine.kem(kemIds.x25519).generateKeyPair();
  const attempts = [
    await hpke.setUpRecipient(pair, sender.enc, utf8('other')),
    await hpke.setUpRecipient(other, sender.enc, info),
    await new Hpke(engine, { ...x25519Suite, aead: aeadIds.chaCha20Poly1305 }).setUpRecipient(pair, sender.enc, info),
  ];
  for (const attempt of attempts) await assert.rejects(attempt.open(first, utf8('aad')), is('HPKE_OPEN_FAILED'));
  await assert.rejects(recipient.open(second, utf8('aad')), is('HPKE_OPEN_FAILED'));
  await assert.rejects(recipient.open(second, utf8('aad')), is('HPKE_OPEN_FAILED'), 'even what would come next');
  const fresh = await hpke.setUpRecipient(pair, sender.enc, info);
  await assert.rejects(fresh.open(first, utf8('bad')), is('HPKE_OPEN_FAILED'));
  const short = await hpke.setUpRecipient(pair, sender.enc, info);
  await assert.rejects(short.open(first.subarray(0, 15)), is('HPKE_OPEN_FAILED'));
});

test('no nonce comes twice, and the number of messages ends before it would', async () => {
  const nonces = new Set<string>();
  const record = (nonce: Uint8Array): Uint8Array => {
    nonces.add(toHex(nonce));
    return new Uint8Array(16);
  };
  const key = { seal: record, open: record };
  const sealer = new Sealer(key, fromHex('ffffffffffffffffffffffff'), maximumMessages - 300);
  for (let message = 0; message < 300; message++) await sealer.seal(new Uint8Array(0));
  assert.equal(nonces.size, 300);
  await assert.rejects(async () => sealer.seal(new Uint8Array(0)), is('HPKE_LIMIT_EXCEEDED'));
  await assert.rejects(
    async () => new Opener(key, new Uint8Array(12), maximumMessages).open(new Uint8Array(16)),
    is('HPKE_LIMIT_EXCEEDED'),
  );
});

test('a private key is in no log and no JSON, and exports have the bound of HKDF', async () => {
  const engine = nodeEngine();
  const { pair, sender } = await contexts(engine, engine);
  const secret = toHex(pair.exportPrivateKey());
  const shown = inspect(pair, { depth: 9, showHidden: true }) + JSON.stringify(pair);
  assert.ok(
    !shown.includes(secret) && !shown.includes(Buffer.from(secret, 'hex').join(', ')) && !shown.includes('privateKey'),
  );
  assert.equal((await sender.export(info, 255 * 32)).length, 255 * 32);
  await assert.rejects(sender.export(info, 255 * 32 + 1), is('HPKE_LIMIT_EXCEEDED'));
});

test('D1: keys come from the given source alone, and two of one source differ', async () => {
  const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const scripted = scriptedEngine(one, two, one).kem(kemIds.x25519);
  const [first, second, again] = [
    await scripted.generateKeyPair(),
    await scripted.generateKeyPair(),
    await scripted.generateKeyPair(),
  ];
  assert.deepEqual(first.publicKey, again.publicKey);
  assert.notDeepEqual(first.publicKey, second.publicKey);
  const kem = nodeEngine().kem(kemIds.x25519);
  const made = await Promise.all(
    Array.from({ length: 50 }, async () => toHex((await kem.generateKeyPair()).publicKey)),
  );
  assert.equal(new Set(made).size, made.length);
  await assert.rejects(
    async () =>
      scriptedEngine(...Array.from({ length: 8 }, () => Buffer.alloc(48, 0xff)))
        .kem(kemIds.p384)
        .generateKeyPair(),
    is('HPKE_KEY_INVALID'),
  );
});

test('D1: random bytes that were given out do not come again, of whatever length', () => {
  const engine = nodeEngine();
  const seen = new Set<string>();
  for (const length of [...Array.from({ length: 1000 }, (_, index) => 12 + (index % 40)), 1024, 5000]) {
    const bytes = engine.randomBytes(length);
    assert.equal(bytes.length, length);
    for (let at = 0; at + 12 <= length; at += 12) {
      const piece = toHex(bytes.subarray(at, at + 12));
      assert.ok(!seen.has(piece));
      seen.add(piece);
    }
  }
});

test('an engine without an algorithm says so', async () => {
  const [, web] = engines[1] ?? [];
  assert.throws(() => web?.kem(kemIds.xWing), is('HPKE_UNSUPPORTED'));
  await assert.rejects(async () => web?.aead(aeadIds.chaCha20Poly1305, new Uint8Array(32)), is('HPKE_UNSUPPORTED'));
});
