import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { compactDecrypt, decodeJwt } from 'jose';
import { openBlob } from '../release/transfer-blob.ts';
import {
  bearer,
  createSite,
  issuer,
  managementToken,
  serviceKey,
  startsAt,
  tenantFile,
  type TestResponse,
  type TestSite,
} from '../site.ts';
import { signJws, unsignedJws, b64url } from '../jws.ts';
import {
  attestedClaims,
  attestedToken,
  measurement,
  releasePolicy,
  requesterJwk,
  requesterKey,
  secret,
  secretBody,
} from './requests.ts';
import { rsaKey } from '../certificates.ts';

const version = 'api-version=2025-06-01';
const explained = tenantFile({ explainRefusals: true });

function put(site: TestSite, body: unknown = secretBody(), name = 'one'): Promise<TestResponse> {
  return site.send('PUT', `/keys/${name}?${version}`, { body, headers: bearer() });
}

async function siteWith(policy: object = releasePolicy(), file = explained): Promise<TestSite> {
  const site = createSite({ file });
  assert.equal((await put(site, secretBody(policy))).status, 200);
  return site;
}

function release(site: TestSite, target: string, more: Readonly<Record<string, unknown>> = {}): Promise<TestResponse> {
  return site.send('POST', `/key/release?${version}`, { body: { kid: 'one', target, ...more } });
}

interface Released {
  readonly request: Readonly<Record<string, unknown>>;
  readonly response: { readonly key: { readonly key: Readonly<Record<string, string>> } };
  readonly 'x-enclos-state': { readonly epoch: number };
}

function valueOf(answer: TestResponse): Released {
  assert.equal(answer.status, 200, answer.text);
  return decodeJwt(String(answer.body['value'])) as unknown as Released;
}

function detailsOf({ body }: TestResponse): Readonly<Record<string, unknown>> {
  return { ...body.error?.details };
}

/** Refused with the code, and by the rule; what is answered and logged has no secret. */
function refusedBy(
  { audit }: TestSite,
  answer: TestResponse,
  [status, code, rule]: readonly [number, string, string],
): void {
  assert.deepEqual([answer.status, answer.body.error?.code], [status, code], answer.text);
  assert.equal(detailsOf(answer)['rule'], rule);
  const line = audit.at(-1);
  assert.deepEqual([line?.['outcome'], line?.['error'], line?.['rule']], ['refused', code, rule]);
  assert.ok(!JSON.stringify([answer.text, audit]).includes(b64url(secret)));
}

describe('managing secrets', () => {
  it('lists names, digests and policies, and no secret', async () => {
    const site = await siteWith();
    await put(site, secretBody(releasePolicy('00'.repeat(32))), 'another');
    const answer = await site.send('GET', `/keys?${version}`, { headers: bearer() });
    const claims = decodeJwt(answer.body.token ?? '');
    const listed = claims['x-enclos-secrets'] as readonly Readonly<Record<string, unknown>>[];
    const { document, epoch, digest } = await site.tenant.state.read();
    assert.deepEqual(listed, [
      { ...document.secrets[0], releasable: true, releasePolicy: releasePolicy('00'.repeat(32)) },
      { ...document.secrets[1], releasable: true, releasePolicy: releasePolicy() },
    ]);
    assert.deepEqual(claims['x-enclos-state'], { epoch, digest });
    assert.ok(!JSON.stringify(claims).includes(b64url(secret)));
  });

  it('answers with the state that names the secret, and logs its name', async () => {
    const site = createSite();
    const claims = decodeJwt((await put(site)).body.token ?? '');
    const { document, epoch, digest } = await site.tenant.state.read();
    assert.deepEqual(claims['x-enclos-secret'], document.secrets[0]);
    assert.equal(claims['x-enclos-secret-result'], 'IsPresent');
    assert.deepEqual(claims['x-enclos-state'], { epoch, digest });
    assert.equal(epoch, 1);
    assert.deepEqual([site.audit[0]?.['call'], site.audit[0]?.['secret']], ['setSecret', 'one']);
    assert.ok(!JSON.stringify(site.audit).includes(b64url(secret)));
  });

  it('deletes, and knows nothing of the secret then', async () => {
    const site = await siteWith();
    const target = await attestedToken(site);
    const answer = await site.send('DELETE', `/keys/one?${version}`, { headers: bearer() });
    assert.equal(decodeJwt(answer.body.token ?? '')['x-enclos-secret-result'], 'IsAbsent');
    refusedBy(site, await release(site, target), [404, 'NotFound', 'secret']);
    const again = await site.send('DELETE', `/keys/one?${version}`, { headers: bearer() });
    refusedBy(site, again, [404, 'NotFound', 'secret']);
    assert.equal((await site.tenant.state.read()).document.secrets.length, 0);
    assert.equal(site.store.rows.size, 0);
  });

  it('refuses a policy with the place of the mistake, and keeps what was there', async () => {
    const site = await siteWith();
    const { digest } = await site.tenant.state.read();
    const bad: readonly (readonly [object, string])[] = [
      [{}, '/version'],
      [{ version: '2', anyOf: [] }, '/version'],
      [{ version: '1.0.0', anyOf: [] }, '/anyOf'],
      [{ ...releasePolicy(), more: 1 }, '/more'],
      [releasePolicy(measurement, 'http://attest.example'), '/anyOf/0/authority'],
      [{ version: '1.0.0', anyOf: [{ authority: issuer, allOf: [{ claim: 'a' }] }] }, '/anyOf/0/allOf/0'],
      [{ version: '1.0.0', anyOf: [{ authority: issuer, allOf: [] }] }, '/anyOf/0/allOf'],
    ];
    for (const [policy, pointer] of bad) {
      const answer = await put(site, secretBody(policy));
      refusedBy(site, answer, [400, 'PolicyParsingError', 'release-policy']);
      assert.deepEqual(answer.body.error?.details, { rule: 'release-policy', pointer: `/releasePolicy${pointer}` });
      assert.ok(answer.body.error?.message.startsWith(pointer), answer.body.error?.message);
    }
    const twice = '{"secret":"AA","releasePolicy":{"version":"1.0.0","version":"1.0.0","anyOf":[]}}';
    assert.equal((await put(site, twice)).body.error?.code, 'InvalidParameter');
    assert.equal((await site.tenant.state.read()).digest, digest);
  });

  it('keeps as many as its bound, and replaces one of them then', async () => {
    const site = createSite({ file: explained });
    const digest = b64url(Buffer.alloc(32));
    const secrets = Array.from({ length: 128 }, (_, index) => ({
      name: `n-${String(index).padStart(3, '0')}`,
      digest,
    }));
    await site.tenant.state.update((document) => ({ ...document, secrets }));
    refusedBy(site, await put(site), [400, 'InvalidOperation', 'secrets']);
    assert.equal((await put(site, secretBody(), 'n-007')).status, 200);
    assert.equal(site.store.rows.size, 1);
  });

  it('is for managers of a tenant that is not shared', async () => {
    const site = createSite({ file: tenantFile({ trustModel: 'shared', explainRefusals: true }) });
    refusedBy(site, await put(site), [403, 'Forbidden', 'trust-model']);
    const answer = await site.send('DELETE', `/keys/one?${version}`, { headers: bearer() });
    refusedBy(site, answer, [403, 'Forbidden', 'trust-model']);
  });

  it('is not there where replicas share a store', async () => {
    const site = createSite({ file: explained, service: { replicas: { by: 'enclave' } } });
    refusedBy(site, await put(site), [501, 'NotImplemented', 'replicas']);
    for (const [method, path] of [
      ['GET', '/keys'],
      ['DELETE', '/keys/one'],
      ['POST', '/key/release'],
    ] as const) {
      const answer = await site.send(method, `${path}?${version}`, { headers: bearer() });
      refusedBy(site, answer, [501, 'NotImplemented', 'replicas']);
      assert.match(answer.body.error?.message ?? '', /one replica/);
    }
  });
});

describe('a release', () => {
  it("gives the secret in Azure's shape to who has the key that the evidence bound", async () => {
    const site = await siteWith();
    const { request, response, ...claims } = valueOf(await release(site, await attestedToken(site), { nonce: 'n-1' }));
    assert.deepEqual(request, { kid: 'one', enc: 'RSA_AES_KEY_WRAP_256', nonce: 'n-1' });
    const { key_hsm: blob = '', kid } = response.key.key;
    assert.equal(kid, 'one');
    const text = Buffer.from(blob, 'base64url').toString();
    assert.deepEqual(openBlob(text, requesterKey, 'sha256').secret, secret);
    assert.deepEqual(claims['x-enclos-state'], { epoch: 1, digest: (await site.tenant.state.read()).digest });
  });

  it('wraps by the algorithm that was asked for, or that the key is for', async () => {
    const site = await siteWith();
    const { request, response } = valueOf(
      await release(site, await attestedToken(site), { enc: 'CKM_RSA_AES_KEY_WRAP' }),
    );
    assert.equal(request['enc'], 'CKM_RSA_AES_KEY_WRAP');
    const text = Buffer.from(response.key.key['key_hsm'] ?? '', 'base64url').toString();
    assert.deepEqual(openBlob(text, requesterKey, 'sha1').secret, secret);
    const runtime = { keys: [requesterJwk({ alg: 'RSA-OAEP-256' })] };
    const own = valueOf(await release(site, await attestedToken(site, { 'x-ms-runtime': runtime })));
    const { plaintext } = await compactDecrypt(own.response.key.key['jwe'] ?? '', requesterKey);
    assert.deepEqual(new Uint8Array(plaintext), secret);
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'ec', key_ops: ['deriveKey'] };
    const curve = valueOf(await release(site, await attestedToken(site, { 'x-ms-runtime': { keys: [jwk] } })));
    assert.equal(curve.request['enc'], 'ECDH-ES+A256KW');
    const opened = await compactDecrypt(curve.response.key.key['jwe'] ?? '', pair.privateKey);
    assert.deepEqual(new Uint8Array(opened.plaintext), secret);
  });

  it('logs who got what, and no secret and no token', async () => {
    const site = await siteWith();
    const target = await attestedToken(site);
    const answer = await release(site, target);
    const { time, requestId, ...line } = site.audit.at(-1) ?? {};
    assert.ok(time !== undefined && requestId !== undefined);
    assert.deepEqual(line, {
      tenant: issuer,
      call: 'releaseSecret',
      who: 'anonymous',
      outcome: 'ok',
      attestationType: 'sgx',
      platform: 'hardware',
      measurement,
      secret: 'one',
    });
    const log = JSON.stringify(site.audit);
    for (const text of [target, String(answer.body['value']), b64url(secret)]) assert.ok(!log.includes(text));
  });

  it('is refused when the policy does not hold, with the conditions and the measurement', async () => {
    const site = await siteWith(releasePolicy('00'.repeat(32)));
    const answer = await release(site, await attestedToken(site));
    refusedBy(site, answer, [403, 'Forbidden', 'release-policy']);
    assert.match(
      String(detailsOf(answer)['reasons']),
      /^\/anyOf\/0\/allOf\/0: the claim x-ms-sgx-mrenclave does not satisfy equals/,
    );
    assert.deepEqual([site.audit.at(-1)?.['secret'], site.audit.at(-1)?.['measurement']], ['one', measurement]);
    const ofOther = await siteWith(releasePolicy(measurement, 'https://other.example'));
    refusedBy(ofOther, await release(ofOther, await attestedToken(ofOther)), [403, 'Forbidden', 'release-policy']);
  });

  it('does not explain to who was not promised it', async () => {
    const site = await siteWith(releasePolicy('00'.repeat(32)), tenantFile());
    const answer = await release(site, await attestedToken(site));
    assert.deepEqual([answer.status, answer.body.error?.details], [403, undefined]);
    assert.ok(!answer.text.includes('mrenclave'));
  });

  const another = createSite({ file: tenantFile({ issuer: 'https://other.example' }) });
  const configured = createSite({ file: tenantFile({ explainRefusals: true, defaultPolicies: 'azure' }) });
  const header = { alg: 'RS256', kid: 'service-key', typ: 'JWT' };
  const seconds = startsAt.getTime() / 1000;
  const claims = attestedClaims({ iss: issuer, iat: seconds, exp: seconds + 60 });
  const tokens: readonly (readonly [string, string, (site: TestSite) => Promise<string> | string])[] = [
    ['another tenant', 'key-location', () => attestedToken(another)],
    [
      'another issuer',
      'issuer',
      () => signJws(header, { ...claims, iss: 'https://other.example' }, serviceKey.privateKey),
    ],
    ['another configuration', 'configuration', () => attestedToken(configured)],
    ['a draft', 'algorithm', () => unsignedJws(claims)],
    ['another key under the same kid', 'signature', () => signJws(header, claims, rsaKey().privateKey)],
    ['another kid', 'unknown-key', () => signJws({ ...header, kid: 'peer' }, claims, rsaKey().privateKey)],
    ['another algorithm', 'algorithm', () => signJws({ ...header, alg: 'PS256' }, claims, rsaKey().privateKey)],
    ['a debug enclave', 'debuggable', (site) => attestedToken(site, { 'x-ms-sgx-is-debuggable': true })],
    ['a software platform', 'platform', (site) => attestedToken(site, { 'x-enclos-platform': 'software' })],
    ['settings for tests', 'test-settings', (site) => attestedToken(site, { 'x-enclos-test-settings': true })],
    ['somebody else', 'audience', (site) => attestedToken(site, { aud: 'https://vault.example' })],
    [
      'an hour that is over',
      'expired',
      async (site) => {
        const token = await attestedToken(site);
        site.clock.nowMs += 480 * 60_000;
        return token;
      },
    ],
  ];
  for (const [what, reason, make] of tokens) {
    it(`is refused to a token of ${what}`, async () => {
      const site = await siteWith();
      const answer = await release(site, await make(site));
      refusedBy(site, answer, [403, 'Forbidden', 'token']);
      assert.equal(detailsOf(answer)['reason'], reason);
      assert.equal(site.audit.at(-1)?.['reason'], reason);
    });
  }

  it('takes a token until the second in which it ends', async () => {
    const site = await siteWith();
    const token = await attestedToken(site);
    site.clock.nowMs += 480 * 60_000 - 1000;
    valueOf(await release(site, token));
  });

  it('takes no other token of this service for one of an attestation', async () => {
    const site = await siteWith();
    const listed = await site.send('GET', `/keys?${version}`, { headers: bearer() });
    const released = await release(site, await attestedToken(site));
    for (const token of [listed.body.token ?? '', String(released.body['value']), managementToken()]) {
      refusedBy(site, await release(site, token), [400, 'InvalidParameter', 'request']);
    }
  });

  const keys: readonly (readonly [string, string, unknown])[] = [
    ['no runtime data', 'keys', undefined],
    ['no key', 'keys', { keys: [] }],
    ['a key to sign with', 'keys', { keys: [requesterJwk({ use: 'sig' })] }],
    ['two keys', 'keys', { keys: [requesterJwk(), requesterJwk({ kid: 'second' })] }],
    ['a private key', 'private', { keys: [requesterJwk({ d: 'AQAB' })] }],
    ['no kid', 'kid', { keys: [requesterJwk({ kid: 7 })] }],
    ['an exponent of 1', 'exponent', { keys: [requesterJwk({ e: 'AQ' })] }],
  ];
  for (const [what, reason, runtime] of keys) {
    it(`wraps to nothing when the evidence bound ${what}`, async () => {
      const site = await siteWith();
      const answer = await release(site, await attestedToken(site, { 'x-ms-runtime': runtime }));
      refusedBy(site, answer, [400, 'InvalidParameter', 'release-key']);
      assert.equal(detailsOf(answer)['reason'], reason);
    });
  }

  it('wraps by no algorithm that the key is not for', async () => {
    const site = await siteWith();
    const answer = await release(site, await attestedToken(site), { enc: 'ECDH-ES+A256KW' });
    refusedBy(site, answer, [400, 'InvalidParameter', 'release-key']);
  });

  it('tells nothing of a store that was tampered with', async () => {
    const site = await siteWith();
    const target = await attestedToken(site);
    for (const [key] of site.store.rows) site.store.put(key, Buffer.from('forged'));
    const answer = await release(site, target);
    assert.deepEqual([answer.status, answer.body.error?.code], [500, 'InternalError']);
    assert.equal(site.audit.at(-1)?.['outcome'], 'failed');
    const listed = await site.send('GET', `/keys?${version}`, { headers: bearer() });
    const [shown] = decodeJwt(listed.body.token ?? '')['x-enclos-secrets'] as readonly object[];
    assert.deepEqual(shown, { ...(await site.tenant.state.read()).document.secrets[0], releasable: false });
    assert.equal(site.faults.length, 2);
  });

  it('has the limit of attest calls', async () => {
    const site = createSite({ file: explained, service: { limits: { attestPerSecond: 1 } } });
    await put(site);
    const target = await attestedToken(site);
    valueOf(await release(site, target));
    const answer = await release(site, target);
    assert.deepEqual([answer.status, answer.body.error?.code], [429, 'TooManyRequests']);
    site.clock.nowMs += 1000;
    valueOf(await release(site, target));
  });
});
