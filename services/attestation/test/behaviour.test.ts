import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { Refusal } from '@enclos/service/refusal';
import '../src/errors.ts';
import { b64url, managerJws, permissive, policyPayload } from './jws.ts';
import {
  bearer,
  createSite,
  isolated,
  issuer,
  managementIssuer,
  managementToken,
  policySigner,
  startsAt,
  tenantFile,
  unlimited,
  type SendOptions,
  type SiteOptions,
  type TestResponse,
  type TestSite,
} from './site.ts';

const version = 'api-version=2020-10-01';
const quote = b64url('secret evidence');

function attest(site: TestSite, options: Omit<SendOptions, 'body'> = {}): Promise<TestResponse> {
  const body = { quote, runtimeData: { data: b64url('secret data') }, nonce: 'secret nonce' };
  return site.send('POST', `/attest/SgxEnclave?${version}`, { body, ...options });
}

/** How many of so many calls, one after the other in one moment, were let in. */
async function letIn(count: number, call: () => Promise<TestResponse>): Promise<number> {
  let answered = 0;
  for (let index = 0; index < count; index++) {
    const { status } = await call();
    assert.ok(status === 200 || status === 429, String(status));
    if (status === 200) answered++;
  }
  return answered;
}
function failing(fault: unknown, file = {}): TestSite {
  const attestFails = async (): Promise<never> => {
    await Promise.resolve();
    throw fault;
  };
  return createSite({ file: tenantFile(file), api: { attest: attestFails } });
}

describe('errors', () => {
  const denied = new Refusal('ATTESTATION_POLICY_REFUSED', 'A Deny claim was issued, authorization failed.', {
    explanation: { rule: 'authorizationrules[2]', policyHash: 'abc', claims: { 'is-debuggable': true } },
  });

  it('have the documented shape', async () => {
    const { status, text, headers } = await attest(failing(denied));
    assert.equal(status, 400);
    const message = 'A Deny claim was issued, authorization failed.';
    assert.equal(text, JSON.stringify({ error: { code: 'PolicyEvaluationError', message } }));
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  });

  it('have details where the tenant explains', async () => {
    const { body } = await attest(failing(denied, { explainRefusals: true }));
    assert.deepEqual(body.error?.details, denied.explanation);
  });

  it('tell nothing of the inside', async () => {
    const faults = [
      new TypeError('secret text'),
      new EnclosError('VERIFIER_MISUSED', 'secret text'),
      'secret text',
      undefined,
    ];
    for (const fault of faults) {
      const site = failing(fault, { explainRefusals: true });
      const { status, text } = await attest(site);
      assert.deepEqual(
        [status, text],
        [500, '{"error":{"code":"InternalError","message":"The service failed to answer."}}'],
      );
      assert.deepEqual(site.faults, [fault]);
      assert.equal(JSON.stringify(site.audit).includes('secret'), false);
    }
  });

  it('say when trying again may help', async () => {
    const { status, headers, body } = await attest(
      failing(new EnclosError('SERVICE_ISSUER_UNREACHABLE', 'secret text')),
    );
    assert.deepEqual([status, headers['retry-after'], body.error?.code], [503, '5', 'ServiceUnavailable']);
  });
});

describe('the rate limit', () => {
  it('answers 429 and leaves management alone', async () => {
    const site = createSite({ service: { limits: { attestPerSecond: 1 } } });
    assert.equal((await attest(site)).status, 200);
    const { status, headers, body } = await attest(site);
    assert.deepEqual([status, headers['retry-after'], body.error?.code], [429, '1', 'TooManyRequests']);
    assert.equal((await site.send('GET', `/policies/TdxVm?${version}`, { headers: bearer() })).status, 200);
    assert.equal(site.audit.length, 2, 'a flood fills no log');
    site.clock.nowMs += 1000;
    assert.equal((await attest(site)).status, 200);
  });

  it('is not for strangers to use up', async () => {
    const site = createSite({
      file: tenantFile({ attest: 'authenticated' }),
      service: { limits: { attestPerSecond: 1 } },
    });
    for (let i = 0; i < 10; i++) assert.equal((await attest(site)).status, 401);
    const answer = await site.send('POST', `/attest/SgxEnclave?${version}`, { body: { quote }, headers: bearer() });
    assert.equal(answer.status, 200);
  });

  it('is there without being asked for: for a client, and for all of them', async () => {
    const site = createSite();
    const attestFrom = (remoteAddress: string) => () => attest(site, { remoteAddress });
    assert.equal(await letIn(80, attestFrom('192.0.2.1 50000')), 50);
    assert.equal(await letIn(80, attestFrom('192.0.2.2 50000')), 50);
    for (const host of [3, 4, 5]) await letIn(50, attestFrom(`192.0.2.${host} 50000`));
    assert.equal(await letIn(80, attestFrom('192.0.2.6 50000')), 0, 'the tenant has 200');
    const elsewhere = createSite();
    const certs = (): Promise<TestResponse> => elsewhere.send('GET', '/certs');
    assert.equal(await letIn(300, certs), 200);
  });

  it('is switched off by name', async () => {
    const site = createSite({ service: unlimited });
    assert.equal(await letIn(300, () => attest(site)), 300);
    assert.equal(await letIn(1200, () => site.send('GET', '/certs')), 1200);
  });

  it('leaves other clients their share, whatever port or address of its network a client has', async () => {
    const site = createSite({ service: { limits: { attestPerSecond: 100, attestPerClient: 10 } } });
    let port = 0;
    for (const [flood, other] of [
      [() => `192.0.2.1 ${++port}`, '192.0.2.2 1'],
      [() => `2001:db8:0:1::${(++port).toString(16)} 443`, '2001:db8:0:2::1 1'],
      [() => `::ffff:198.51.100.1 ${++port}`, '::ffff:198.51.100.2 1'],
      [() => '', '203.0.113.1 1'],
    ] as const) {
      assert.equal(await letIn(30, () => attest(site, { remoteAddress: flood() })), 10);
      assert.equal(await letIn(5, () => attest(site, { remoteAddress: other })), 5);
    }
  });

  it('counts callers that proved who they are by that, and not by their address', async () => {
    const site = createSite({
      file: tenantFile({ attest: 'authenticated' }),
      service: { limits: { attestPerClient: 10 } },
    });
    let host = 0;
    const by = (subject: string) => () =>
      attest(site, { headers: bearer(managementToken({ sub: subject })), remoteAddress: `192.0.2.${++host} 1` });
    assert.equal(await letIn(30, by('one')), 10);
    assert.equal(await letIn(10, by('other')), 10);
  });

  it('bounds what strangers make the service verify, and leaves managers at other addresses alone', async () => {
    const site = createSite({ service: { limits: { callsPerClient: 20 } } });
    const statuses: number[] = [];
    for (let index = 0; index < 30; index++) {
      const answer = await site.send('GET', `/policies/TdxVm?${version}`, { headers: bearer('a.b.c') });
      statuses.push(answer.status);
    }
    assert.equal(statuses.filter((status) => status === 401).length, 20);
    assert.equal(statuses.filter((status) => status === 429).length, 10);
    const manager = { headers: bearer(), remoteAddress: '192.0.2.9 1' };
    assert.equal((await site.send('GET', `/policies/TdxVm?${version}`, manager)).status, 200);
  });
});

describe('the audit log', () => {
  it('has a line for each attest and management call, before its answer', async () => {
    const order: string[] = [];
    const site = createSite({
      api: { host: { audit: () => Promise.resolve(void order.push('audit')) } },
    });
    await attest(site).then(() => order.push('answer'));
    assert.deepEqual(order, ['audit', 'answer']);
  });

  it('says who did what with which outcome', async () => {
    const site = createSite({ file: tenantFile(isolated) });
    const { headers } = await attest(site);
    assert.deepEqual(site.audit[0], {
      time: startsAt.toISOString(),
      tenant: issuer,
      call: 'attestSgxEnclave',
      requestId: headers['x-ms-request-id'],
      who: 'anonymous',
      outcome: 'ok',
      policyHash: 'hash-of-the-policy',
      attestationType: 'sgx',
      platform: 'hardware',
    });
    const body = managerJws(policyPayload(permissive), policySigner);
    await site.send('PUT', `/policies/OpenEnclave?${version}`, { body, headers: bearer() });
    const { call, type, who, outcome, policyHash } = site.audit[1] ?? {};
    assert.deepEqual([call, type, outcome], ['setPolicy', 'OpenEnclave', 'ok']);
    assert.match(String(policyHash), /^[\w-]{43}$/);
    assert.match(String(who), /^sub:[\w-]{43}$/);
  });

  it('says which rule refused', async () => {
    const explanation = { rule: 'authorizationrules[2]', policyHash: 'abc', more: { a: 1 } };
    const site = failing(new Refusal('ATTESTATION_POLICY_REFUSED', 'Denied.', { explanation }));
    await attest(site);
    const { outcome, error, rule, policyHash, more } = site.audit[0] ?? {};
    assert.deepEqual(
      [outcome, error, rule, policyHash, more],
      ['refused', 'PolicyEvaluationError', 'authorizationrules[2]', 'abc', undefined],
    );
    await site.send('GET', `/policies/TdxVm?${version}`);
    const { call, who, reason } = site.audit[1] ?? {};
    assert.deepEqual([call, who, reason], ['getPolicy', 'anonymous', 'absent']);
  });

  it('says who was known and not let in', async () => {
    const { bearer: one } = tenantFile()['management'] as { bearer: object };
    const site = createSite({
      file: tenantFile({ management: { bearer: { ...one, requiredClaims: { roles: 'admin' } } } }),
    });
    await site.send('GET', `/policies/TdxVm?${version}`, { headers: bearer() });
    const { who, error } = site.audit[0] ?? {};
    assert.match(String(who), /^sub:[\w-]{43}$/);
    assert.equal(error, 'Forbidden');
  });

  it('holds no subject, token, evidence, data or nonce', async () => {
    const site = createSite();
    await attest(site);
    await site.send('GET', `/policies/TdxVm?${version}`, { headers: bearer() });
    const text = JSON.stringify(site.audit);
    for (const secret of [quote, b64url('secret data'), 'secret nonce', 'somebody', managementIssuer, 'eyJ']) {
      assert.equal(text.includes(secret), false, secret);
    }
  });

  it('has nothing of discovery and of paths that are not there', async () => {
    const site = createSite();
    for (const path of ['/certs', '/openapi.json', '/nothing', '/.well-known/openid-configuration']) {
      await site.send('GET', path);
    }
    assert.deepEqual(site.audit, []);
  });

  it('is written, or there is no token', async () => {
    const options: SiteOptions = { api: { host: { audit: () => Promise.reject(new Error('the disk is full')) } } };
    const { status, body } = await attest(createSite(options));
    assert.deepEqual([status, body.token, body.error?.code], [500, undefined, 'InternalError']);
  });
});

describe('the counters', () => {
  it('count by route and outcome, with a histogram of seconds', async () => {
    const site = createSite();
    let at = 0;
    // Without limits nothing else looks at the clock.
    const timed = createSite({ service: unlimited, api: { metrics: site.metrics, elapsed: () => (at += 15) } });
    await attest(timed);
    await attest(timed);
    await timed.send('GET', '/nothing');
    await timed.send('GET', `/policies/TdxVm?${version}`);
    const { routes, latencyBounds } = site.metrics.counters();
    const found = routes.map(({ route, outcome, count }) => [route, outcome, count]);
    assert.deepEqual(found, [
      ['attestSgxEnclave', 'ok', 2],
      ['none', 'NotFound', 1],
      ['getPolicy', 'Unauthorized', 1],
    ]);
    const [attests] = routes;
    assert.ok(attests !== undefined);
    assert.equal(attests.atMost.length, latencyBounds.length);
    assert.deepEqual([attests.atMost.at(0), attests.atMost.at(-1)], [0, 2]);
    assert.equal(attests.sumSeconds.toFixed(3), '0.030');
  });
});

describe('TCB baselines', () => {
  const list = async (
    type: string,
    baseline: object,
  ): Promise<readonly { tcbIdentifier: string; isSelectedTcb: boolean }[]> => {
    const { body } = await createSite({ file: tenantFile({ baseline }) }).send(
      'GET',
      `/tcbbaselines/${type}?api-version=2025-06-01`,
    );
    return body['tcbBaselines'] as { tcbIdentifier: string; isSelectedTcb: boolean }[];
  };
  const selected = async (type: string, baseline: object): Promise<readonly string[]> =>
    (await list(type, baseline)).filter((one) => one.isSelectedTcb).map(({ tcbIdentifier }) => tcbIdentifier);

  it('tell which one the tenant has, and no other', async () => {
    for (const type of ['SgxEnclave', 'OpenEnclave', 'TdxVm']) {
      assert.deepEqual(await selected(type, {}), ['standard']);
      assert.deepEqual(await selected(type, { update: 'early' }), ['early']);
      assert.deepEqual(await selected(type, { evaluationDataNumber: 12 }), ['12']);
      assert.deepEqual(await selected(type, { evaluationDataNumber: 18 }), ['18']);
    }
    assert.equal((await list('SgxEnclave', { evaluationDataNumber: 12 })).length, 6);
    assert.deepEqual(await list('SevSnpVm', {}), []);
  });
});

describe('discovery', () => {
  it('is what clients of OpenID Connect need', async () => {
    const { body } = await createSite().send('GET', '/.well-known/openid-configuration');
    assert.equal(body['issuer'], issuer);
    assert.equal(body['jwks_uri'], `${issuer}/certs`);
    assert.deepEqual(body['id_token_signing_alg_values_supported'], ['RS256']);
    assert.deepEqual(body['response_types_supported'], ['token', 'none']);
  });

  it('publishes each key with its certificates', async () => {
    const { body } = await createSite().send('GET', '/certs');
    const [key] = body['keys'] as { kid: string; kty: string; x5c: string[]; n: string; d?: string }[];
    assert.deepEqual([key?.kid, key?.kty, key?.x5c.length, key?.d], ['service-key', 'RSA', 1, undefined]);
  });
});
