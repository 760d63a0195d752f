import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { ecKey, makeCertificate, rsaKey } from './certificates.ts';
import { b64url, signJws } from './jws.ts';
import {
  audience,
  bearer,
  createSite,
  issuer,
  managementIssuer,
  managementKeys,
  managementToken,
  managerKey,
  serviceKey,
  startsAt,
  tenantFile,
  type TestResponse,
  type TestSite,
} from './site.ts';
import { toldOf } from './errors.ts';

const path = '/policies/SgxEnclave?api-version=2020-10-01';
const seconds = Math.floor(startsAt.getTime() / 1000);

function explaining(changes: Readonly<Record<string, unknown>> = {}): TestSite {
  return createSite({ file: tenantFile({ explainRefusals: true, ...changes }) });
}

function get(site: TestSite, headers: Readonly<Record<string, string>>): Promise<TestResponse> {
  return site.send('GET', path, { headers });
}

async function refusal(token: string, site = explaining()): Promise<unknown> {
  const { status, body, headers } = await get(site, bearer(token));
  assert.ok([401, 403].includes(status), String(status));
  if (status === 401) assert.match(headers['www-authenticate'] ?? '', /error="invalid_token"$/);
  const { details } = body.error ?? {};
  return details !== undefined && 'reason' in details ? details.reason : undefined;
}

describe('bearer tokens of the management issuer', () => {
  it('let in with each algorithm of the list', async () => {
    for (const alg of ['RS256', 'RS384', 'RS512', 'PS256']) {
      assert.equal((await get(explaining(), bearer(managementToken({}, { alg })))).status, 200, alg);
    }
    const token = managementToken({}, { alg: 'ES256', kid: 'manager-ec' });
    assert.equal((await get(explaining(), bearer(token))).status, 200);
  });

  it('let in for one audience of several, and for a list that names it', async () => {
    for (const aud of [audience, ['other', audience]]) {
      assert.equal((await get(explaining(), bearer(managementToken({ aud })))).status, 200);
    }
  });

  it('do not let in after they expired, but for a minute of clocks that differ', async () => {
    assert.equal((await get(explaining(), bearer(managementToken({ exp: seconds - 59 })))).status, 200);
    assert.equal(await refusal(managementToken({ exp: seconds - 60 })), 'expired');
    for (const exp of [undefined, String(seconds + 3600), null]) {
      assert.equal(await refusal(managementToken({ exp })), 'expired');
    }
  });

  it('do not let in before their time', async () => {
    assert.equal((await get(explaining(), bearer(managementToken({ nbf: seconds + 59 })))).status, 200);
    assert.equal((await get(explaining(), bearer(managementToken({ nbf: undefined })))).status, 200);
    for (const nbf of [seconds + 62, 'soon']) assert.equal(await refusal(managementToken({ nbf })), 'not-yet-valid');
  });

  it('do not let in for another audience or issuer', async () => {
    for (const aud of ['https://other.example', [], undefined, `${audience}/`, { 0: audience }]) {
      assert.equal(await refusal(managementToken({ aud })), 'audience');
    }
    for (const iss of ['https://login.example/other', `${managementIssuer}/`, undefined, [managementIssuer]]) {
      assert.equal(await refusal(managementToken({ iss })), 'issuer');
    }
  });

  it('do not let in when somebody else signed them, or nobody', async () => {
    const claims = { iss: managementIssuer, aud: audience, exp: seconds + 3600 };
    const forged = signJws({ alg: 'RS256', kid: 'manager' }, claims, rsaKey().privateKey);
    assert.equal(await refusal(forged), 'signature');
    const [header = '', payload = '', signature = ''] = managementToken().split('.');
    assert.equal(await refusal(`${header}.${b64url({ ...claims, sub: 'other' })}.${signature}`), 'signature');
    assert.equal(await refusal(`${header}.${payload}.`), 'malformed');
  });

  it('never let in with none, an HMAC by the public key, or a key of another kind', async () => {
    const claims = b64url({ iss: managementIssuer, aud: audience, exp: seconds + 3600 });
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      for (const signature of ['', 'AAAA']) {
        const token = `${b64url({ alg, kid: 'manager' })}.${claims}.${signature}`;
        assert.ok(['algorithm', 'malformed', undefined].includes((await refusal401(token)) as string), alg);
      }
    }
    const secrets = [
      managerKey.publicKey.export({ type: 'spki', format: 'pem' }),
      managerKey.publicKey.export({ type: 'spki', format: 'der' }),
      managerKey.publicKey.export({ type: 'pkcs1', format: 'pem' }),
      managerKey.publicKey.export({ format: 'jwk' }).n ?? '',
    ];
    for (const secret of secrets) {
      const input = `${b64url({ alg: 'HS256', kid: 'manager' })}.${claims}`;
      const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      assert.equal(await refusal(token), 'algorithm');
    }
    // The EC key under an RSA algorithm's name, and the other way.
    assert.equal(await refusal(managementToken({}, { kid: 'manager-ec' })), 'signature');
    assert.equal(await refusal(managementToken({}, { alg: 'ES256' })), 'signature');
  });

  it('keep to the algorithm that the issuer names for a key', async () => {
    const [first] = managementKeys().keys;
    const keys = { keys: [{ ...first, alg: 'RS256' }] };
    const site = (): TestSite =>
      explaining({ management: { bearer: { issuer: managementIssuer, audience: [audience], keys } } });
    assert.equal((await get(site(), bearer())).status, 200);
    assert.equal(await refusal(managementToken({}, { alg: 'PS256' }), site()), 'algorithm');
  });

  it('bring no key of their own', async () => {
    const own = rsaKey();
    const claims = { iss: managementIssuer, aud: audience, exp: seconds + 3600 };
    const certificate = makeCertificate({ key: own });
    const jwk = own.publicKey.export({ format: 'jwk' });
    for (const more of [
      { jwk },
      { jku: `${managementIssuer}/keys` },
      { x5u: 'https://a.example' },
      { crit: ['b64'], b64: false },
    ]) {
      assert.equal(
        await refusal(signJws({ alg: 'RS256', kid: 'manager', ...more }, claims, own.privateKey)),
        'malformed',
      );
    }
    const x5c = [certificate.base64];
    assert.equal(await refusal(signJws({ alg: 'RS256', kid: 'manager', x5c }, claims, own.privateKey)), 'signature');
    for (const kid of ['other', undefined, 7]) {
      assert.equal(await refusal(signJws({ alg: 'RS256', kid, x5c }, claims, own.privateKey)), 'key');
    }
  });

  it('need the claims that the configuration asks for', async () => {
    const keys = managementKeys();
    const site = (): TestSite =>
      explaining({
        management: {
          bearer: { issuer: managementIssuer, audience: [audience], keys, requiredClaims: { roles: 'admin' } },
        },
      });
    assert.equal((await get(site(), bearer(managementToken({ roles: ['reader', 'admin'] })))).status, 200);
    for (const roles of [undefined, 'reader', ['reader'], 'administrator', { admin: true }]) {
      const answer = await get(site(), bearer(managementToken({ roles })));
      assert.deepEqual([answer.status, answer.body.error?.code], [403, 'Forbidden']);
    }
  });

  it('are not what this service gives to whoever attests', async () => {
    const attested = await explaining().tenant.signer.sign({ aud: audience, sub: 'somebody', roles: 'admin' });
    assert.equal(await refusal(attested), 'malformed');
    // Without the header that tells, and by a configuration that its parser would not let through.
    const keys = { keys: [{ ...serviceKey.publicKey.export({ format: 'jwk' }), kid: 'service-key' }] };
    const { createAuthenticate } = await import('@enclos/service/auth');
    const authenticate = createAuthenticate({
      identity: { bearer: { issuer, audience: [audience], keys } },
      ownIssuers: new Set([issuer]),
      now: () => startsAt,
      elapsed: () => 0,
      fetchKeys: undefined,
    });
    const token = signJws(
      { alg: 'RS256', kid: 'service-key' },
      { iss: issuer, aud: audience, exp: seconds + 3600 },
      serviceKey.privateKey,
    );
    const request = { path, headers: new Map(Object.entries(bearer(token))), clientCertificate: undefined };
    await assert.rejects(
      authenticate(request as unknown as Parameters<typeof authenticate>[0]),
      (error) => toldOf(error).code === 'Unauthorized',
    );
  });

  it('are one, in one header', async () => {
    const token = managementToken();
    for (const authorization of [
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token},`,
      `Bearer ${token} x`,
      token,
      'Bearer',
      '',
    ]) {
      assert.equal((await get(explaining(), { authorization })).status, 401, authorization);
    }
    assert.equal((await get(explaining(), { authorization: `bearer  ${token}` })).status, 200);
  });

  it('are bounded, and strict JSON', async () => {
    assert.equal(await refusal(managementToken({ padding: 'x'.repeat(16_384) })), 'malformed');
    const payload = b64url(`{"iss":"${managementIssuer}","aud":"other","aud":"${audience}","exp":${seconds + 3600}}`);
    assert.equal(await refusal(`${b64url({ alg: 'RS256', kid: 'manager' })}.${payload}.AAAA`), 'malformed');
  });
});

async function refusal401(token: string): Promise<unknown> {
  const { status, body } = await get(explaining(), bearer(token));
  assert.equal(status, 401);
  const { details } = body.error ?? {};
  return details !== undefined && 'reason' in details ? details.reason : undefined;
}

describe('client certificates', () => {
  const known = makeCertificate({ key: ecKey(), name: 'manager' });
  const expired = makeCertificate({ key: ecKey(), name: 'old', notAfter: new Date('2026-01-01T00:00:00Z') });
  const sha256 = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');
  const clientCertificates = [known, expired].map(({ der }) => sha256(der).toUpperCase());
  const site = (more: object = {}): TestSite => explaining({ management: { clientCertificates, ...more } });

  it('let in when they are known and of now', async () => {
    const one = site();
    assert.equal((await one.send('GET', path, { clientCertificate: known.der })).status, 200);
    assert.equal(one.audit[0]?.['who'], `certificate:${sha256(known.der)}`);
  });

  it('do not let in otherwise', async () => {
    const stranger = makeCertificate({ key: ecKey(), name: 'manager' });
    for (const clientCertificate of [expired.der, stranger.der]) {
      const answer = await site().send('GET', path, { clientCertificate });
      assert.deepEqual(
        [answer.status, answer.body.error?.message],
        [401, 'Access to /policies/SgxEnclave requires a known client certificate'],
      );
    }
    assert.equal((await site().send('GET', path, { headers: bearer() })).status, 401);
  });

  it('are one of two ways where both are configured', async () => {
    const both = site({ bearer: { issuer: managementIssuer, audience: [audience], keys: managementKeys() } });
    assert.equal((await both.send('GET', path, { headers: bearer() })).status, 200);
    assert.equal((await both.send('GET', path, { clientCertificate: known.der })).status, 200);
    assert.equal((await both.send('GET', path, { clientCertificate: expired.der })).status, 401);
  });
});

describe('who is asked for it', () => {
  const attest = { body: { quote: b64url('quote') } };

  it('is nobody where management is not configured', async () => {
    const answer = await explaining({ management: {} }).send('GET', path, { headers: bearer() });
    assert.deepEqual([answer.status, answer.body.error?.code], [403, 'Forbidden']);
  });

  it('is whoever attests only where the tenant says so', async () => {
    const send = (site: TestSite, headers = {}): Promise<TestResponse> =>
      site.send('POST', '/attest/SgxEnclave?api-version=2020-10-01', { ...attest, headers });
    assert.equal((await send(explaining())).status, 200);
    assert.equal((await send(explaining({ attest: 'authenticated' }))).status, 401);
    assert.equal((await send(explaining({ attest: 'authenticated' }), bearer())).status, 200);
  });

  it('is not told why unless the tenant explains', async () => {
    const { body } = await get(createSite(), bearer(managementToken({ exp: 1 })));
    assert.equal(body.error?.details, undefined);
  });
});
