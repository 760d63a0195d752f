import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { fromBase64url, toBase64url } from '@enclos/codec';
import { supplyModelKey, type SuppliedModelKey } from '../src/node/index.ts';
import { serviceUrl } from './service.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const key = new Uint8Array(32).fill(7);
const digest = '33'.repeat(32);
const given: SuppliedModelKey = {
  url: serviceUrl,
  name: 'digits',
  digest,
  key,
  owner: { algorithm: 'EdDSA', sign: (input) => new Uint8Array(sign(null, input, privateKey)) },
};
const [attested, claimed] = ['aa'.repeat(32), 'bb'.repeat(32)];

interface Sent {
  readonly path: string;
  readonly body: string;
}

/** A client whose enclave answers the request for a challenge like this, and takes everything. */
function clientOf(challengeAnswer: string, keySets: readonly string[] = [attested]) {
  const sent: Sent[] = [];
  const attestations: boolean[] = [];
  const client: Parameters<typeof supplyModelKey>[0] = {
    async fetch(input, init) {
      const request = new Request(input, init);
      sent.push({ path: new URL(request.url).pathname, body: await request.text() });
      return new Response(request.url.endsWith('/challenge') ? challengeAnswer : '{}');
    },
    async attest({ fresh = false } = {}) {
      attestations.push(fresh);
      const keySetDigest = keySets[attestations.length - 1] ?? assert.fail('it attests too often');
      return { tee: 'sgx', measurement: '11'.repeat(32), keySetDigest };
    },
  };
  return { client, sent, attestations };
}

const answer = (keySetDigest: string): string => JSON.stringify({ challenge: 'c', keySetDigest });

function claimsOf({ body }: Sent): unknown {
  return JSON.parse(Buffer.from(fromBase64url(body.split('.')[1] ?? '')).toString('utf8'));
}

test('what is signed is for the keys that were attested, and not for those that the answer names', async () => {
  const common = { name: 'digits', digest, challenge: 'c', key: toBase64url(key) };
  const usual = clientOf(answer(attested));
  await supplyModelKey(usual.client, given);
  assert.deepEqual(
    usual.sent.map(({ path }) => path),
    [`/v1/model-keys/${digest}/challenge`, `/v1/model-keys/${digest}`],
  );
  assert.deepEqual(
    [usual.sent.slice(1).map(claimsOf), usual.attestations],
    [[{ ...common, keySetDigest: attested }], [false]],
  );
  // The keys of the service may have changed: it is attested again, and once.
  for (const keySets of [
    [attested, claimed],
    [attested, attested],
  ]) {
    const changed = clientOf(answer(claimed), keySets);
    await supplyModelKey(changed.client, given);
    assert.deepEqual(changed.sent.slice(1).map(claimsOf), [{ ...common, keySetDigest: keySets[1] }]);
    assert.deepEqual(changed.attestations, [false, true]);
  }
});

test('without a challenge, with a key or digest of another form, and without an attestation no key is sent', async () => {
  for (const text of ['', 'no', '[]', '{}', '{"challenge":"c"}', '{"challenge":1,"keySetDigest":"aa"}']) {
    const { client, sent } = clientOf(text);
    await assert.rejects(supplyModelKey(client, given), { code: 'INFERENCE_ANSWER_REFUSED' }, text);
    assert.equal(sent.length, 1, text);
  }
  for (const [code, changes] of [
    ['INFERENCE_CLIENT_MISUSED', { digest: 'AA'.repeat(32) }],
    ['INFERENCE_CLIENT_MISUSED', { digest: '../sessions' }],
    ['MODEL_KEY_INVALID', { key: key.subarray(1) }],
  ] as const) {
    const { client, sent } = clientOf(answer(attested));
    await assert.rejects(supplyModelKey(client, { ...given, ...changes }), { code });
    assert.equal(sent.filter(({ body }) => body !== '').length, 0);
  }
  const refused = clientOf(answer(claimed), [attested]);
  await assert.rejects(supplyModelKey(refused.client, given), /too often/);
  assert.equal(refused.sent.length, 1);
});
