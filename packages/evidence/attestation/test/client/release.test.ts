import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import type { FetchRequest, ReleaseRequest } from '../../src/client/index.ts';
import {
  expectSgx,
  issuer,
  nowSeconds,
  offlineClient,
  refusal,
  sgxClaims,
  signToken,
  strangerKey,
} from './token-kit.ts';

type Claims = Readonly<Record<string, unknown>>;

const token = await offlineClient().verifyToken(signToken(sgxClaims), expectSgx);
const request: ReleaseRequest = { name: 'disk-key', token, nonce: 'n-1' };
const state = { epoch: 3, digest: 'abc' };
const asked = { kid: 'disk-key', enc: 'RSA-OAEP-256', nonce: 'n-1' };
const good = {
  iss: issuer,
  iat: nowSeconds,
  exp: nowSeconds + 300,
  'x-enclos-secret-result': 'Released',
  'x-enclos-state': state,
  request: asked,
  response: { key: { key: { kid: 'disk-key', kty: 'oct', jwe: 'a.b.c.d.e' } } },
};

/** A client whose service answers so; what it was asked is in `sent`. */
function answering(answer: unknown) {
  const sent: { readonly url: string; readonly init: FetchRequest }[] = [];
  const fetch = async (url: string, init: FetchRequest): Promise<Response> => {
    sent.push({ url, init });
    return new Response(JSON.stringify(answer));
  };
  return { client: offlineClient({ fetch }), sent };
}

const saying = (claims: Claims) => answering({ value: signToken(claims) });

test('asks with the token and a nonce, and gives what the service signed', async () => {
  const { client, sent } = saying(good);
  assert.deepEqual(await client.releaseKey({ ...request, algorithm: 'RSA-OAEP-256' }), {
    form: 'jwe',
    text: 'a.b.c.d.e',
    algorithm: 'RSA-OAEP-256',
    state,
  });
  assert.equal(sent[0]?.url, `${issuer}/key/release?api-version=2025-06-01`);
  assert.deepEqual(JSON.parse(sent[0]?.init.body ?? ''), {
    kid: 'disk-key',
    target: token.jwt,
    nonce: 'n-1',
    enc: 'RSA-OAEP-256',
  });
});

test("unpacks Azure's transfer blob", async () => {
  const response = { key: { key: { key_hsm: toBase64url(utf8('{"ciphertext":"AA"}')) } } };
  const { client } = saying({ ...good, response });
  const { form, text } = await client.releaseKey(request);
  assert.deepEqual([form, text], ['transfer-blob', '{"ciphertext":"AA"}']);
});

const bad: readonly (readonly [string, Claims])[] = [
  ['of another secret', { request: { ...asked, kid: 'other' } }],
  ['to another nonce', { request: { ...asked, nonce: 'n-0' } }],
  ['without a nonce', { request: { kid: 'disk-key', enc: 'RSA-OAEP-256' } }],
  ['without an algorithm', { request: { kid: 'disk-key', nonce: 'n-1' } }],
  ['by another algorithm', { request: { ...asked, enc: 'CKM_RSA_AES_KEY_WRAP' } }],
  ['that is none', { 'x-enclos-secret-result': 'IsPresent' }],
  ['that a policy issued', { 'x-enclos-secret-result': undefined }],
  ['without a request', { request: 'disk-key' }],
  ['without a response', { response: undefined }],
  ['without a secret', { response: { key: { key: {} } } }],
  ['whose secret is not base64url', { response: { key: { key: { key_hsm: '!' } } } }],
  ['whose secret is not UTF-8', { response: { key: { key: { key_hsm: '_w' } } } }],
];
for (const [what, claims] of bad) {
  test(`refuses an answer ${what}`, async () => {
    const { client } = saying({ ...good, ...claims });
    const released = client.releaseKey({ ...request, algorithm: 'RSA-OAEP-256' });
    await assert.rejects(released, refusal('TOKEN_REFUSED', 'result'));
  });
}

test('refuses an answer that the service did not sign, that is old, or that is no token', async () => {
  const forged = answering({ value: signToken(good, { key: strangerKey, header: { kid: 'rsa' } }) });
  await assert.rejects(forged.client.releaseKey(request), refusal('TOKEN_REFUSED', 'signature'));
  const old = saying({ ...good, iat: nowSeconds - 400 });
  await assert.rejects(old.client.releaseKey(request), refusal('TOKEN_NOT_ACCEPTED', 'age'));
  const none = answering({ token: signToken(good) });
  await assert.rejects(none.client.releaseKey(request), refusal('ATTESTATION_ANSWER_INVALID', 'value-member'));
});

test('asks for nothing without a nonce, or with a token that was not verified', async () => {
  const { client, sent } = saying(good);
  for (const change of [{ nonce: '' }, { token: { ...token } }]) {
    await assert.rejects(
      client.releaseKey({ ...request, ...change }),
      (error) => isEnclosError(error) && error.code === 'VERIFIER_MISUSED',
    );
  }
  assert.equal(sent.length, 0);
});
