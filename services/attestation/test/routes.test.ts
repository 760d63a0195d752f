import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorsOf } from '../src/routes/openapi.ts';
import { routes } from '../src/routes/table.ts';
import type { ServiceRoute } from '../src/routes/call.ts';
import { makeCertificate, rsaKey } from './certificates.ts';
import { b64url, managerJws, permissive, policyPayload } from './jws.ts';
import { attestedToken, secretBody } from './secrets/requests.ts';
import { bearer, createSite, isolated, managementToken, policySigner, tenantFile, type TestSite } from './site.ts';

const version = 'api-version=2025-06-01';
const evidence = b64url('evidence');
const added = makeCertificate({ key: rsaKey(), name: 'added' });
const certificateJws = managerJws({ policyCertificate: { kty: 'RSA', x5c: [added.base64] } }, policySigner);

const newSecret = secretBody();
const attested = await attestedToken(site());

/** A body that is right, and bodies that are wrong, for each call that has one. */
const bodies: Readonly<Record<string, { readonly good: unknown; readonly bad: readonly unknown[] }>> = {
  attestSgxEnclave: {
    good: { quote: evidence },
    bad: ['', '[]', '{', { report: evidence }, { quote: '!' }, { quote: 7 }],
  },
  attestOpenEnclave: { good: { report: evidence }, bad: ['', { quote: evidence }, { report: 'A' }, { report: '' }] },
  attestSevSnpVm: { good: { report: evidence }, bad: ['', { quote: evidence }, { report: null }] },
  attestTdxVm: { good: { quote: evidence }, bad: ['', { quote: evidence, draftPolicyForAttestation: permissive }] },
  setPolicy: {
    good: managerJws(policyPayload(permissive), policySigner),
    bad: ['', 'a.b', '"unfinished', managerJws('', policySigner), managerJws({ policy: 'x' }, policySigner)],
  },
  resetPolicy: { good: managerJws('', policySigner), bad: ['', managerJws(policyPayload(permissive), policySigner)] },
  addCertificate: { good: JSON.stringify(certificateJws), bad: ['', '{}', managerJws({}, policySigner)] },
  setSecret: {
    good: newSecret,
    bad: [
      '',
      '[]',
      { secret: newSecret.secret },
      { releasePolicy: newSecret.releasePolicy },
      { ...newSecret, secret: '' },
      { ...newSecret, secret: 'A' },
      { ...newSecret, secret: b64url(Buffer.alloc(65_537)) },
      { ...newSecret, secret: 7 },
      { ...newSecret, releasePolicy: JSON.stringify(newSecret.releasePolicy) },
      { ...newSecret, name: 'one' },
    ],
  },
  releaseSecret: {
    good: { kid: 'one', target: attested, enc: 'RSA-OAEP-256', nonce: 'n' },
    bad: [
      '',
      { kid: 'one' },
      { target: attested },
      { kid: 'a_b', target: attested },
      { kid: 'one', target: 'a.b' },
      { kid: 'one', target: managementToken() },
      { kid: 'one', target: attested, enc: 'RSA1_5' },
      { kid: 'one', target: attested, nonce: 7 },
      { kid: 'one', target: attested, version: '1' },
    ],
  },
  removeCertificate: {
    good: JSON.stringify(certificateJws),
    bad: ['', '7', managerJws({ policyCertificate: { kty: 'EC', x5c: [added.base64] } }, policySigner)],
  },
};
const later = new Set(['attestTpm', 'attestAzureGuest']);

function site(): TestSite {
  return createSite({ file: tenantFile({ ...isolated, attest: 'authenticated', explainRefusals: true }) });
}

/** One that has a secret already. */
async function siteWithSecret(): Promise<TestSite> {
  const made = site();
  await made.send('PUT', `/keys/one?${version}`, { body: newSecret, headers: bearer() });
  return made;
}

function pathOf({ path }: ServiceRoute): string {
  return path.replace('{type}', 'SgxEnclave').replace('{name}', 'one');
}

function target(route: ServiceRoute): string {
  return `${pathOf(route)}${route.version === 'required' ? `?${version}` : ''}`;
}

describe('every route', () => {
  for (const route of routes) {
    const { operation, method, needs } = route;
    const options = { body: bodies[operation]?.good ?? '', headers: bearer() };

    it(`${operation}: answers a good request`, async () => {
      const answer = await (await siteWithSecret()).send(method, target(route), options);
      if (later.has(operation)) return assert.equal(answer.body.error?.code, 'NotImplemented');
      assert.equal(answer.status, 200, answer.text);
      const token = answer.body.token ?? answer.body['value'];
      if (needs !== 'nothing') assert.match(String(token), /^[\w-]+\.[\w-]+\.[\w-]+$/);
      assert.match(answer.headers['x-ms-request-id'] ?? '', /^[0-9a-f-]{36}$/);
      assert.equal(answer.headers['x-ms-maa-service-version'], '0.1.0');
    });

    it(`${operation}: without or with bad authentication`, async () => {
      for (const headers of [{}, bearer('not.a.token'), { authorization: 'Basic abc' }]) {
        const answer = await site().send(method, target(route), { body: options.body, headers });
        if (needs === 'nothing') {
          assert.equal(answer.status, 200);
          continue;
        }
        assert.equal(answer.status, 401);
        const path = pathOf(route);
        const { code, message } = answer.body.error ?? {};
        assert.deepEqual([code, message], ['Unauthorized', `Access to ${path} requires a valid JWT bearer token`]);
        assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer authorization_uri="https:\/\/login\.example/);
      }
    });

    it(`${operation}: refuses another method`, async () => {
      const answer = await site().send('PATCH', target(route), options);
      assert.equal(answer.status, 405);
      assert.equal(answer.body.error?.code, 'MethodNotAllowed');
      assert.ok(answer.headers['allow']?.split(', ').includes(method));
    });

    it(`${operation}: refuses an api-version that is unknown, doubled or missing`, async () => {
      const path = pathOf(route);
      for (const query of ['api-version=2016-01-01', `${version}&${version}`, 'api-version=']) {
        const answer = await site().send(method, `${path}?${query}`, options);
        assert.equal(answer.status, 400);
        assert.equal(answer.body.error?.code, 'UnsupportedApiVersion');
      }
      const answer = await site().send(method, path, options);
      if (route.version === 'optional') assert.equal(answer.status, 200);
      else assert.equal(answer.body.error?.code, 'ApiVersionUnspecified');
    });

    const bad = bodies[operation]?.bad ?? [];
    if (bad.length > 0) {
      it(`${operation}: refuses bad bodies`, async () => {
        for (const body of bad) {
          const answer = await site().send(method, target(route), { body, headers: bearer() });
          assert.equal(answer.status, 400, `${JSON.stringify(body)}: ${answer.text}`);
          assert.equal(answer.body.error?.code, 'InvalidParameter');
          assert.ok(errorsOf(route).some(({ name }) => name === 'InvalidParameter'));
        }
      });
    }
  }

  it('has a body in these tables for each one that takes one', () => {
    const taking = routes
      .filter(({ method }) => method === 'PUT' || method === 'POST')
      .map(({ operation }) => operation);
    assert.deepEqual(
      taking.filter((name) => !(name in bodies)),
      ['attestTpm', 'attestAzureGuest'],
    );
  });

  it('answers in each api-version', async () => {
    for (const one of ['2020-10-01', '2022-08-01', '2022-09-01-preview', '2025-06-01']) {
      const answer = await site().send('GET', `/policies/TdxVm?api-version=${one}`, { headers: bearer() });
      assert.equal(answer.status, 200);
    }
  });

  it('answers nothing at other paths', async () => {
    const paths = [
      '/',
      '/attest',
      '/attest/sgxenclave',
      '/policies/Other',
      '/policies/SgxEnclave:reset/',
      '/certs/',
      '/%63erts',
      '/keys/',
      '/keys/a_b',
      '/keys/{name}',
      '/keys/one/',
      '/keys/%6fne',
      `/keys/${'x'.repeat(128)}`,
      '/certs/one',
      '/policies/{type}',
      '/healthz',
      '/metrics',
    ];
    for (const path of paths) {
      const answer = await site().send('GET', `${path}?${version}`);
      assert.equal(answer.status, 404, path);
      assert.equal(answer.body.error?.code, 'NotFound');
    }
  });
});

describe('the tenant of a request', () => {
  it('is that of the exact authority, also when there is one only', async () => {
    for (const host of [
      'attest.example',
      'attest.example:443',
      'attest.example:8444',
      'localhost:8443',
      'attest.example:8443, other',
      'attest.example:8443:443',
      '',
    ]) {
      const answer = await createSite().send('GET', '/certs', { headers: { host } });
      assert.equal(answer.body.error?.code, 'NotFound', host);
    }
    assert.equal((await createSite().send('GET', '/certs', { headers: { host: 'ATTEST.example:8443' } })).status, 200);
  });

  it('may leave out the port of https', async () => {
    const site443 = createSite({ file: tenantFile({ issuer: 'https://attest.example' }) });
    for (const host of ['attest.example', 'attest.example:443']) {
      assert.equal((await site443.send('GET', '/certs', { headers: { host } })).status, 200);
    }
  });
});

describe('headers', () => {
  it('echoes a client request id that is printable and short', async () => {
    const echo = async (id: string): Promise<string | undefined> =>
      (await createSite().send('GET', '/certs', { headers: { 'x-ms-client-request-id': id } })).headers[
        'x-ms-client-request-id'
      ];
    assert.equal(await echo('8b582292-0253-43ed-b46e-8eea83b3b942'), '8b582292-0253-43ed-b46e-8eea83b3b942');
    for (const id of ['a b', 'x'.repeat(129), 'a\r\nset-cookie: b', '']) assert.equal(await echo(id), undefined);
  });

  it('gives the key set in the type that a client takes', async () => {
    const type = async (accept: string): Promise<string | undefined> =>
      (await createSite().send('GET', '/certs', { headers: { accept } })).headers['content-type'];
    assert.equal(await type('application/jwk+json'), 'application/jwk+json');
    for (const accept of ['application/jwk+json, application/json', '*/*', '', 'application/json']) {
      assert.equal(await type(accept), 'application/json; charset=utf-8');
    }
  });
});
