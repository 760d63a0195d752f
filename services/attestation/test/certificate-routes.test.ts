import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { ecKey, makeCertificate, rsaKey, type TestCertificate } from './certificates.ts';
import { claimsOf, managerJws, permissive, policyPayload, unsignedJws } from './jws.ts';
import { bearer, createSite, isolated, policySigner, tenantFile, type TestResponse, type TestSite } from './site.ts';

const version = 'api-version=2020-10-01';
const second = makeCertificate({ key: ecKey(), name: 'second' });
const site = (): TestSite => createSite({ file: tenantFile(isolated) });

function change(one: TestSite, verb: 'add' | 'remove', jws: string): Promise<TestResponse> {
  return one.send('POST', `/certificates:${verb}?${version}`, { body: JSON.stringify(jws), headers: bearer() });
}
function naming(
  certificate: TestCertificate,
  kty = certificate.key.publicKey.asymmetricKeyType === 'ec' ? 'EC' : 'RSA',
): object {
  return { policyCertificate: { kty, x5c: [certificate.base64] } };
}
function by(certificate: TestCertificate, signer = policySigner): string {
  return managerJws(naming(certificate), signer);
}
async function listed(one: TestSite): Promise<readonly string[]> {
  const { body } = await one.send('GET', `/certificates?${version}`, { headers: bearer() });
  const { keys } = claimsOf(body.token ?? '')['x-ms-policy-certificates'] as { keys: { x5c: string[] }[] };
  return keys.flatMap(({ x5c }) => x5c);
}
async function refused(answer: Promise<TestResponse>, code = 'InvalidParameter'): Promise<void> {
  const { body, text } = await answer;
  assert.equal(body.error?.code, code, text);
}

describe('policy management certificates', () => {
  it('begin with those of the configuration', async () => {
    assert.deepEqual(await listed(site()), [policySigner.base64]);
  });

  it('are added and removed, again and again with the same result', async () => {
    const one = site();
    const thumbprint = createHash('sha1').update(second.der).digest('hex').toUpperCase();
    for (const _ of [1, 2]) {
      const claims = claimsOf((await change(one, 'add', by(second))).body.token ?? '');
      assert.equal(claims['x-ms-certificate-thumbprint'], thumbprint);
      assert.equal(claims['x-ms-certificate-result'], 'IsPresent');
      assert.equal(claims['x-ms-policycertificates-result'], 'IsPresent');
      assert.equal(typeof (claims['x-enclos-state'] as { digest: string }).digest, 'string');
      assert.deepEqual(await listed(one), [policySigner.base64, second.base64]);
    }
    for (const _ of [1, 2]) {
      const claims = claimsOf((await change(one, 'remove', by(second))).body.token ?? '');
      assert.deepEqual(
        [claims['x-ms-certificate-thumbprint'], claims['x-ms-certificate-result']],
        [thumbprint, 'IsAbsent'],
      );
      assert.deepEqual(await listed(one), [policySigner.base64]);
    }
  });

  it('sign policies as soon as they are added, and no longer when they are removed', async () => {
    const one = site();
    const put = (): Promise<TestResponse> =>
      one.send('PUT', `/policies/SgxEnclave?${version}`, {
        body: managerJws(policyPayload(permissive), second),
        headers: bearer(),
      });
    await refused(put());
    await change(one, 'add', by(second));
    assert.equal((await put()).status, 200);
    await change(one, 'remove', by(second));
    await refused(put());
  });

  it('may be replaced by one that signs its own removal of the other', async () => {
    const one = site();
    await change(one, 'add', by(second));
    assert.equal((await change(one, 'remove', by(policySigner, second))).status, 200);
    assert.deepEqual(await listed(one), [second.base64]);
  });

  it('never become none', async () => {
    const one = site();
    await refused(change(one, 'remove', by(policySigner)), 'InvalidOperation');
    assert.deepEqual(await listed(one), [policySigner.base64]);
  });

  it('are at most 64', async () => {
    const one = site();
    const { state } = one.tenant;
    const key = ecKey();
    const many = Array.from({ length: 63 }, (_, i) => makeCertificate({ key, name: `number ${i}` }).base64);
    await state.update((document) => ({ ...document, certificates: [...document.certificates, ...many] }));
    await refused(change(one, 'add', by(second)), 'InvalidOperation');
  });

  it('are added by nobody else', async () => {
    const one = site();
    await refused(change(one, 'add', unsignedJws(naming(second))));
    await refused(change(one, 'add', by(second, second)));
    await refused(change(one, 'add', managerJws(naming(second), second, { chain: [policySigner] })));
    assert.deepEqual(await listed(one), [policySigner.base64]);
  });

  it('take the names of the payload that older clients use', async () => {
    for (const prefix of ['maa-', 'aas-', 'x-ms-']) {
      const payload = { [`${prefix}policyCertificate`]: { kty: 'EC', x5c: [second.base64] } };
      assert.equal((await change(site(), 'add', managerJws(payload, policySigner))).status, 200);
    }
  });

  it('are refused in other payloads', async () => {
    const jwk = { kty: 'EC', x5c: [second.base64] };
    const weak = makeCertificate({ key: rsaKey(1024) });
    const old = makeCertificate({ key: rsaKey(), notAfter: new Date('2026-01-01T00:00:00Z') });
    const payloads: readonly unknown[] = [
      '',
      {},
      { policyCertificate: jwk, 'maa-policyCertificate': jwk },
      { other: jwk },
      { policyCertificate: { ...jwk, kty: 'RSA' } },
      { policyCertificate: { ...jwk, x5c: [second.base64, policySigner.base64] } },
      { policyCertificate: { ...jwk, x5c: [] } },
      { policyCertificate: { ...jwk, d: 'AAAA' } },
      { policyCertificate: [jwk] },
      naming(weak),
      naming(old),
      policyPayload(permissive),
    ];
    for (const payload of payloads) await refused(change(site(), 'add', managerJws(payload, policySigner)));
  });

  it('are a matter of isolated tenants', async () => {
    const aad = createSite();
    await refused(change(aad, 'add', by(second)), 'InvalidOperation');
    await refused(change(aad, 'remove', by(second)), 'InvalidOperation');
    assert.deepEqual(await listed(aad), []);
    const shared = createSite({ file: tenantFile({ trustModel: 'shared' }) });
    await refused(change(shared, 'add', by(second)), 'Forbidden');
    assert.deepEqual(await listed(shared), []);
  });
});
