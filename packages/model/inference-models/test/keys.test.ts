import assert from 'node:assert/strict';
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  createCipheriv,
  constants,
  randomBytes,
} from 'node:crypto';
import { test } from 'node:test';
import { concatBytes, toBase64url, toHex, utf8 } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { publicKeyOfJwk, type SignatureKey } from '@enclos/jose';
import { encryptJwe, nodePublicKeyOf } from '@enclos/jose/node';
import { FlattenedEncrypt, importJWK } from 'jose';
import {
  createReleaseKeyPair,
  keyFromKbs,
  ModelKeyDesk,
  openReleasedKey,
  readKeySupply,
  writeKeySupply,
  type KbsOptions,
} from '../src/node/index.ts';
import { signerOf } from './signers.ts';

const key = new Uint8Array(randomBytes(32));
const refused =
  (code: ErrorCode, details: object = {}) =>
  (error: unknown) =>
    isEnclosError(error, code) && Object.entries(details).every(([member, value]) => error.details[member] === value);
const digest = 'ab'.repeat(32);

test('a key that an attestation service releases is opened by the key pair of the request alone', () => {
  const pair = createReleaseKeyPair();
  const publicKey = publicKeyOfJwk({ ...pair.jwk });
  assert.ok(publicKey !== undefined);
  const text = encryptJwe(key, { kid: 'k', ...nodePublicKeyOf(publicKey) }, 'ECDH-ES+A256KW');
  assert.deepEqual(openReleasedKey({ form: 'jwe', text }, pair.privateKey), key);
  const stranger = createReleaseKeyPair();
  const answer = refused('MODEL_KEY_ANSWER_INVALID');
  assert.throws(() => openReleasedKey({ form: 'jwe', text }, stranger.privateKey), answer);
  assert.throws(() => openReleasedKey({ form: 'jwe', text: text.slice(1) }, pair.privateKey), answer);
  const short = encryptJwe(key.subarray(1), { kid: 'k', ...nodePublicKeyOf(publicKey) }, 'ECDH-ES+A256KW');
  assert.throws(() => openReleasedKey({ form: 'jwe', text: short }, pair.privateKey), refused('MODEL_KEY_INVALID'));
  assert.deepEqual(Object.keys(pair.jwk).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
});

test('a transfer blob, as Azure hands it out, is opened by an RSA key', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  for (const [enc, oaepHash] of [
    ['CKM_RSA_AES_KEY_WRAP', 'sha1'],
    ['RSA_AES_KEY_WRAP_256', 'sha256'],
  ] as const) {
    const wrapping = new Uint8Array(randomBytes(32));
    const options = { key: createPublicKey(privateKey), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
    const cipher = createCipheriv('id-aes256-wrap-pad', wrapping, Buffer.from('a65959a6', 'hex'));
    const secret = concatBytes(publicEncrypt(options, wrapping), cipher.update(key), cipher.final());
    const blob = (change: object = {}): string =>
      JSON.stringify({ header: { enc }, ciphertext: toBase64url(secret), ...change });
    assert.deepEqual(openReleasedKey({ form: 'transfer-blob', text: blob() }, privateKey), key);
    const wrong = [
      blob({ header: { enc: 'dir' } }),
      blob({ header: 7 }),
      blob({ ciphertext: 7 }),
      blob({ ciphertext: toBase64url(secret.with(270, 255 - (secret[270] ?? 0))) }),
      '[]',
      '{',
    ];
    for (const text of wrong) {
      const answer = refused('MODEL_KEY_ANSWER_INVALID');
      assert.throws(() => openReleasedKey({ form: 'transfer-blob', text }, privateKey), answer);
    }
  }
});

/** A broker of the protocol, with what it was asked, and answers that a test can change. */
class Broker {
  readonly asked: { readonly url: string; readonly init: RequestInit }[] = [];
  readonly answers: Record<string, () => Promise<Response> | Response> = {
    auth: () =>
      new Response('{"nonce":"bm9uY2U=","extra-params":""}', {
        headers: { 'set-cookie': 'kbs-session-id=abc123; Path=/; HttpOnly' },
      }),
    attest: () => new Response('{"token":"a.b.c"}'),
    resource: async () => new Response(await this.resource()),
  };
  aad: string | undefined;

  readonly fetch: KbsOptions['fetch'] = async (url, init) => {
    this.asked.push({ url, init });
    const step = url.split('/')[5] ?? '';
    return (this.answers[step] ?? (() => new Response('', { status: 404 })))();
  };

  bodyOf(index: number): Record<string, unknown> {
    const body = this.asked[index]?.init.body;
    // Requests are sent as texts.
    return JSON.parse(body as string) as Record<string, unknown>;
  }

  async resource(): Promise<string> {
    const { 'runtime-data': runtime } = this.bodyOf(1) as { 'runtime-data': { 'tee-pubkey': Record<string, string> } };
    const jwk = runtime['tee-pubkey'];
    const writer = new FlattenedEncrypt(key).setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM' });
    const jwe = await writer.encrypt(await importJWK(jwk, 'ECDH-ES+A256KW'));
    return JSON.stringify({ ...jwe, aad: this.aad === 'header' ? jwe.protected : this.aad });
  }
}

const optionsOf = (broker: Broker, change: Partial<KbsOptions> = {}): KbsOptions => ({
  url: 'https://kbs.example.com',
  resource: 'kbs:///default/model/digits',
  tee: 'sgx',
  fetch: broker.fetch,
  attest: async () => ({ quote: 'AA==' }),
  ...change,
});

test('a key broker gives the key after evidence over the key of the request', async () => {
  const broker = new Broker();
  let bound = new Uint8Array();
  const options = optionsOf(broker, {
    attest: async ({ reportData, runtimeData }) => {
      bound = new Uint8Array(reportData);
      assert.equal(toHex(reportData.subarray(0, 48)), createHash('sha384').update(runtimeData).digest('hex'));
      return { quote: 'AA==' };
    },
  });
  assert.deepEqual(await keyFromKbs(options), key);
  assert.deepEqual(
    broker.asked.map(({ url, init }) => `${init.method} ${new URL(url).pathname}`),
    ['POST /kbs/v0/auth', 'POST /kbs/v0/attest', 'GET /kbs/v0/resource/default/model/digits'],
  );
  assert.deepEqual(broker.bodyOf(0), { version: '0.1.1', tee: 'sgx', 'extra-params': '' });
  const attestation = broker.bodyOf(1);
  assert.deepEqual(attestation['tee-evidence'], { primary_evidence: { quote: 'AA==' }, additional_evidence: '{}' });
  // What the broker hashes: the runtime data with sorted members.
  const { nonce, 'tee-pubkey': publicKey } = attestation['runtime-data'] as Record<string, Record<string, string>>;
  const { alg, crv, kty, x, y } = publicKey ?? {};
  const sorted = JSON.stringify({ nonce, 'tee-pubkey': { alg, crv, kty, x, y } });
  assert.equal(toHex(bound.subarray(0, 48)), createHash('sha384').update(sorted).digest('hex'));
  assert.deepEqual(bound.subarray(48), new Uint8Array(16));
  // An answer elsewhere would get the session and the token.
  assert.ok(broker.asked.every(({ init }) => init.redirect === 'manual'));
  const sent = broker.asked.map(({ init }) => ({ ...(init.headers as Record<string, string>) }));
  assert.deepEqual(
    sent.map(({ cookie }) => cookie),
    [undefined, 'kbs-session-id=abc123', 'kbs-session-id=abc123'],
  );
  assert.deepEqual(
    sent.map(({ authorization }) => authorization),
    [undefined, undefined, 'Bearer a.b.c'],
  );
});

test('a broker that repeats the header in its answer is understood, and one that authenticates other data is not', async () => {
  const broker = new Broker();
  broker.aad = 'header';
  assert.deepEqual(await keyFromKbs(optionsOf(broker)), key);
  const another = new Broker();
  another.aad = 'b3RoZXI';
  await assert.rejects(keyFromKbs(optionsOf(another)), refused('MODEL_KEY_ANSWER_INVALID'));
});

test('refusals, failures and answers of another protocol are told apart', async () => {
  const json = (value: object | string, init?: ResponseInit) => (): Response =>
    new Response(typeof value === 'string' ? value : JSON.stringify(value), init);
  const cookie = { headers: { 'set-cookie': 'kbs-session-id=a' } };
  const cases: readonly (readonly [ErrorCode, string, () => Promise<Response> | Response])[] = [
    ['MODEL_KEY_REFUSED', 'auth', json('', { status: 401 })],
    ['MODEL_KEY_REFUSED', 'attest', json('', { status: 401 })],
    ['MODEL_KEY_REFUSED', 'resource', json('', { status: 403 })],
    [
      'MODEL_KEY_REFUSED',
      'resource',
      json('', { status: 302, headers: { location: 'https://elsewhere.example.com' } }),
    ],
    ['MODEL_KEY_SERVICE_UNREACHABLE', 'resource', json('', { status: 503 })],
    ['MODEL_KEY_SERVICE_UNREACHABLE', 'attest', json('', { status: 429 })],
    ['MODEL_KEY_SERVICE_UNREACHABLE', 'auth', async () => Promise.reject(new TypeError('fetch failed'))],
    ['MODEL_KEY_ANSWER_INVALID', 'auth', json({ nonce: 'n' })],
    ['MODEL_KEY_ANSWER_INVALID', 'auth', json({ nonce: 'n' }, { headers: { 'set-cookie': 'other=1' } })],
    ['MODEL_KEY_ANSWER_INVALID', 'auth', json({ nonce: 7 }, cookie)],
    ['MODEL_KEY_ANSWER_INVALID', 'auth', json('{"nonce":"a","nonce":"b"}', cookie)],
    ['MODEL_KEY_ANSWER_INVALID', 'attest', json([])],
    ['MODEL_KEY_ANSWER_INVALID', 'attest', json({ token: '' })],
    ['MODEL_KEY_ANSWER_INVALID', 'resource', json({ protected: 'e30' })],
    ['MODEL_KEY_ANSWER_INVALID', 'resource', json(' '.repeat(300_000))],
    [
      'MODEL_KEY_ANSWER_INVALID',
      'resource',
      json({ protected: 'e30', encrypted_key: 'AA', iv: 'AA', ciphertext: 'AA', tag: 'AA' }),
    ],
  ];
  for (const [code, step, answer] of cases) {
    const broker = new Broker();
    broker.answers[step] = answer;
    await assert.rejects(keyFromKbs(optionsOf(broker)), refused(code), `${code} ${step}`);
  }
});

test('an identifier that could lead elsewhere is refused before anything is sent', async () => {
  const wrong = [
    'kbs:///a/b',
    'kbs:///a/b/c/d',
    'kbs:///a/../c',
    'kbs:///a/b/c?x',
    'kbs://host/a/b/c',
    'https:///a/b/c',
    'kbs:///a//c',
    '',
  ];
  for (const resource of wrong) {
    const broker = new Broker();
    await assert.rejects(keyFromKbs(optionsOf(broker, { resource })), refused('MODEL_KEY_REFUSED'), resource);
    assert.equal(broker.asked.length, 0);
  }
  for (const url of ['http://kbs.example.com', 'https://kbs.example.com/other', 'https://a@kbs.example.com', '']) {
    const broker = new Broker();
    await assert.rejects(keyFromKbs(optionsOf(broker, { url })), refused('MODEL_KEY_REFUSED'), url);
    assert.equal(broker.asked.length, 0);
  }
});

const deskOf = (owner: SignatureKey, keySetDigest: string): ModelKeyDesk =>
  new ModelKeyDesk({
    keySetDigest: () => keySetDigest,
    models: () => [{ name: 'digits', digest, owner }],
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
  });

test('an owner supplies the key of a model once, for one enclave', async () => {
  for (const algorithm of ['ES256', 'ES384', 'EdDSA'] as const) {
    const owner = signerOf(algorithm);
    const keySetDigest = 'cd'.repeat(32);
    const desk = deskOf(owner.key, keySetDigest);
    const challenge = desk.challenge(digest);
    const text = await writeKeySupply(key, { name: 'digits', digest, keySetDigest, challenge }, owner);
    assert.deepEqual(desk.supply(digest, text), key);
    // The same message again, and a new one.
    assert.throws(() => desk.supply(digest, text), refused('MODEL_KEY_REFUSED', { rule: 'once' }));
    assert.throws(() => desk.challenge(digest), refused('MODEL_KEY_REFUSED', { rule: 'once' }));
    // The key did not open the model: another one may come, by another challenge.
    desk.reopen(digest);
    assert.notEqual(desk.challenge(digest), challenge);
    assert.throws(() => desk.supply(digest, text), refused('MODEL_KEY_REFUSED', { rule: 'challenge' }));
  }
});

test('D8: a first comer supplies no key, nor does anyone for a model without an owner', async () => {
  const owner = signerOf('ES256');
  const stranger = signerOf('ES256');
  const keySetDigest = 'cd'.repeat(32);
  const desk = deskOf(owner.key, keySetDigest);
  const first = { name: 'digits', digest, keySetDigest, challenge: desk.challenge(digest) };
  const forged = await writeKeySupply(new Uint8Array(32), first, stranger);
  assert.throws(() => desk.supply(digest, forged), refused('MODEL_KEY_REFUSED', { rule: 'signature' }));
  // What strangers send leaves the challenge to the owner, who can use it once.
  assert.throws(() => desk.supply(digest, 'a.b.c'), refused('MODEL_KEY_REFUSED', { rule: 'form' }));
  assert.equal(desk.challenge(digest), first.challenge);
  const misled = await writeKeySupply(key, { ...first, keySetDigest: 'dc'.repeat(32) }, owner);
  assert.throws(() => desk.supply(digest, misled), refused('MODEL_KEY_REFUSED', { rule: 'keySetDigest' }));
  const late = await writeKeySupply(key, first, owner);
  assert.throws(() => desk.supply(digest, late), refused('MODEL_KEY_REFUSED', { rule: 'challenge' }));
  const second = await writeKeySupply(key, { ...first, challenge: desk.challenge(digest) }, owner);
  assert.deepEqual(desk.supply(digest, second), key);
  const unknown = 'ef'.repeat(32);
  assert.throws(() => desk.challenge(unknown), refused('MODEL_KEY_REFUSED', { rule: 'owner' }));
  assert.throws(() => desk.supply(unknown, second), refused('MODEL_KEY_REFUSED', { rule: 'owner' }));
});

test('a supply for another model, enclave or challenge, and anything else, is refused', async () => {
  const owner = signerOf('EdDSA');
  const good = { name: 'digits', digest, keySetDigest: 'cd'.repeat(32), challenge: '01'.repeat(32) };
  const others = {
    name: 'letters',
    digest: 'ba'.repeat(32),
    keySetDigest: 'dc'.repeat(32),
    challenge: '02'.repeat(32),
  };
  assert.deepEqual(readKeySupply(await writeKeySupply(key, good, owner), owner.key, good), key);
  for (const [rule, value] of Object.entries(others)) {
    const text = await writeKeySupply(key, { ...good, [rule]: value }, owner);
    assert.throws(() => readKeySupply(text, owner.key, good), refused('MODEL_KEY_REFUSED', { rule }), rule);
  }
  const signed = (header: object, claims: object): string => {
    const input = [header, claims].map((part) => toBase64url(utf8(JSON.stringify(part)))).join('.');
    return `${input}.${toBase64url(owner.sign(utf8(input)))}`;
  };
  const header = { alg: 'EdDSA', typ: 'enclos-model-key+jws' };
  const claims = { ...good, key: toBase64url(key) };
  assert.deepEqual(readKeySupply(signed(header, claims), owner.key, good), key);
  const wrong = [
    signed({ ...header, typ: 'JWT' }, claims),
    signed({ ...header, alg: 'none' }, claims),
    signed(header, { ...claims, key: undefined }),
    signed(header, { ...claims, key: '*' }),
    signed(header, { ...claims, key: toBase64url(concatBytes(key, key)) }),
    '',
    'a.b.c',
  ];
  for (const text of wrong) {
    assert.throws(() => readKeySupply(text, owner.key, good), refused('MODEL_KEY_REFUSED', { rule: 'form' }), text);
  }
  const short = signed(header, { ...claims, key: toBase64url(key.subarray(1)) });
  assert.throws(() => readKeySupply(short, owner.key, good), refused('MODEL_KEY_INVALID'));
  await assert.rejects(writeKeySupply(key.subarray(1), good, owner), refused('MODEL_KEY_INVALID'));
});
