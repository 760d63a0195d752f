import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { defaultPolicies, strictPolicies } from '@enclos/claim-rules';
import { policyHash, readStoredPolicy } from '../src/policies/stored-policy.ts';
import { attestationTypes } from '../src/configuration/configuration.ts';
import { ecKey, makeCertificate, rsaKey, type TestCertificate } from './certificates.ts';
import { b64url, claimsOf, managerJws, permissive, policyPayload, signJws, unsignedJws } from './jws.ts';
import {
  bearer,
  createSite,
  isolated,
  issuer,
  policySigner,
  tenantFile,
  type TestResponse,
  type TestSite,
} from './site.ts';

const path = '/policies/SgxEnclave';
const version = 'api-version=2020-10-01';
const aad = (): TestSite => createSite();
const isolatedSite = (): TestSite => createSite({ file: tenantFile(isolated) });

function put(site: TestSite, body: string, at = path): Promise<TestResponse> {
  return site.send('PUT', `${at}?${version}`, { body, headers: bearer() });
}
function reset(site: TestSite, body: string): Promise<TestResponse> {
  return site.send('POST', `${path}:reset?${version}`, { body, headers: bearer() });
}
async function current(site: TestSite, at = path): Promise<Readonly<Record<string, unknown>>> {
  const { status, body, text } = await site.send('GET', `${at}?${version}`, { headers: bearer() });
  assert.equal(status, 200, text);
  return claimsOf(body.token ?? '');
}
async function policyText(site: TestSite, at = path): Promise<string> {
  return readStoredPolicy(String((await current(site, at))['x-ms-policy'])).text;
}
async function refused(answer: Promise<TestResponse>, code = 'InvalidParameter'): Promise<string> {
  const { status, body, text } = await answer;
  assert.deepEqual([status >= 400, body.error?.code], [true, code], text);
  return body.error?.message ?? '';
}

const someRsa = makeCertificate({ key: rsaKey(), name: 'rsa' });
const someEc = makeCertificate({ key: ecKey(), name: 'ec' });
const old = makeCertificate({ key: someRsa.key, name: 'old', notAfter: new Date('2026-05-31T00:00:00Z') });
const later = makeCertificate({ key: someRsa.key, name: 'later', notBefore: new Date('2026-06-02T00:00:00Z') });

describe('a policy that is not set', () => {
  it('is shown as the default, in a JWS that is not signed', async () => {
    const claims = await current(aad());
    assert.equal(claims['x-ms-policy'], unsignedJws(policyPayload(strictPolicies.SgxEnclave)));
    assert.equal(claims['iss'], issuer);
    assert.equal((claims['x-enclos-state'] as { epoch: number }).epoch, 0);
  });

  it('is the default of its type and its tenant', async () => {
    const azure = createSite({ file: tenantFile({ defaultPolicies: 'azure' }) });
    for (const type of attestationTypes) {
      assert.equal(await policyText(azure, `/policies/${type}`), defaultPolicies[type]);
      assert.equal(await policyText(aad(), `/policies/${type}`), strictPolicies[type]);
    }
  });
});

describe('setting a policy', () => {
  it('takes one that is not signed, and tells what is needed to know it again', async () => {
    const site = aad();
    const jws = unsignedJws(policyPayload(permissive));
    const claims = claimsOf((await put(site, jws)).body.token ?? '');
    assert.equal(claims['x-ms-policy-result'], 'Updated');
    assert.equal(claims['x-ms-policy-token-hash'], createHash('sha256').update(jws).digest('base64url'));
    assert.equal(claims['x-ms-policy'], jws);
    assert.equal('x-ms-policy-signer' in claims, false);
    const { epoch, digest } = claims['x-enclos-state'] as { epoch: number; digest: string };
    assert.deepEqual([epoch, digest.length], [1, 43]);
    assert.equal(await policyText(site), permissive);
    assert.equal(
      await policyText(site, '/policies/OpenEnclave'),
      strictPolicies.OpenEnclave,
      'another type has its own',
    );
    assert.deepEqual((await current(site))['x-enclos-state'], { epoch, digest });
  });

  it('takes those that sign themselves with RS, PS and ES, and tells who signed', async () => {
    const p384 = makeCertificate({ key: ecKey('P-384') });
    const p521 = makeCertificate({ key: ecKey('P-521') });
    const signers: readonly (readonly [TestCertificate, string])[] = [
      ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => [someRsa, alg] as const),
      [someEc, 'ES256'],
      [p384, 'ES384'],
      [p521, 'ES512'],
    ];
    for (const [signer, alg] of signers) {
      const site = aad();
      const answer = await put(site, managerJws(policyPayload(permissive), signer, { alg }));
      assert.equal(answer.status, 200, `${alg}: ${answer.text}`);
      const kty = alg.startsWith('ES') ? 'EC' : 'RSA';
      assert.deepEqual(claimsOf(answer.body.token ?? '')['x-ms-policy-signer'], { kty, x5c: [signer.base64] });
      const stored = readStoredPolicy(String((await current(site))['x-ms-policy']));
      assert.deepEqual(stored.signer, { kty, x5c: [signer.base64] });
    }
  });

  it('takes text and JSON strings', async () => {
    const jws = unsignedJws(policyPayload(permissive));
    assert.equal((await put(aad(), JSON.stringify(jws))).status, 200);
    await refused(put(aad(), `${jws}\n`));
    await refused(put(aad(), JSON.stringify({ jws })));
  });

  it('hashes what Azure hashes', () => {
    const { encoded } = readStoredPolicy(unsignedJws(policyPayload(permissive)));
    assert.equal(policyHash(encoded), createHash('sha256').update(b64url(permissive)).digest('base64url'));
  });

  it('refuses a text that is no policy, with the diagnostics of the parser', async () => {
    const site = aad();
    const wrong = 'version=1.0;\nauthorizationrules{ => premit(); };\nissuancerules{};';
    const message = await refused(put(site, unsignedJws(policyPayload(wrong))), 'PolicyParsingError');
    assert.match(message, /policy:2:24\n.*authorizationrules\{ => premit\(\); \};\n.*\^{6}/);
    await refused(put(site, unsignedJws(policyPayload(''))), 'PolicyParsingError');
    await refused(put(site, unsignedJws(policyPayload('x'.repeat(100_000)))), 'PolicyParsingError');
    assert.equal((await current(site))['x-ms-policy'], unsignedJws(policyPayload(strictPolicies.SgxEnclave)));
    assert.equal((await put(site, unsignedJws(policyPayload(permissive)))).status, 200);
  });

  it('refuses payloads of another form', async () => {
    const payloads: readonly unknown[] = [
      '',
      {},
      [],
      'text',
      { AttestationPolicy: 7 },
      { AttestationPolicy: `${b64url(permissive)}=` },
      { AttestationPolicy: 'a+/=' },
      { AttestationPolicy: b64url(Uint8Array.of(0xff, 0xfe)) },
      { ...policyPayload(permissive), more: 1 },
      { AttestationPolicy: b64url('x'.repeat(1_048_577)) },
    ];
    for (const payload of payloads) await refused(put(aad(), unsignedJws(payload)));
    const twice = `{"AttestationPolicy":"${b64url(permissive)}","AttestationPolicy":"${b64url('other')}"}`;
    await refused(put(aad(), `${b64url({ alg: 'none' })}.${b64url(twice)}.`));
  });
});

describe('a signed policy', () => {
  const signed = (options: Parameters<typeof managerJws>[2] = {}, signer = someRsa): string =>
    managerJws(policyPayload(permissive), signer, options);

  it('is refused when anything of it was changed', async () => {
    const [header = '', payload = '', signature = ''] = signed().split('.');
    const other = b64url(policyPayload('version=1.0;authorizationrules{};'));
    await refused(put(aad(), `${header}.${other}.${signature}`));
    await refused(put(aad(), `${header}.${payload}.`));
    await refused(put(aad(), `${header}.${payload}.${'A'.repeat(signature.length)}`));
    await refused(put(aad(), `${header}.${payload}.${signature}=`));
    await refused(put(aad(), `${header}.${payload}.${signature}.`));
  });

  it('is refused when it is not what alg says', async () => {
    await refused(put(aad(), `${signed().split('.').slice(0, 2).join('.')}.`));
    // Named none, and with a signature or certificates all the same.
    const payload = b64url(policyPayload(permissive));
    await refused(put(aad(), `${b64url({ alg: 'none' })}.${payload}.AAAA`));
    await refused(put(aad(), unsignedJws(policyPayload(permissive), { alg: 'none', x5c: [someRsa.base64] })));
    for (const alg of ['None', 'HS256', 'RS1', 'EdDSA', 'ES256K', '', 7, undefined]) {
      await refused(put(aad(), `${b64url({ alg, x5c: [someRsa.base64] })}.${payload}.AAAA`));
    }
  });

  it('is refused when the key does not fit the algorithm, or is weak', async () => {
    const k1 = makeCertificate({ key: ecKey('secp256k1') });
    const short = makeCertificate({ key: rsaKey(1024) });
    const p384 = makeCertificate({ key: ecKey('P-384') });
    await refused(put(aad(), signed({}, short)));
    await refused(put(aad(), signed({ alg: 'ES256' }, k1)));
    await refused(put(aad(), signed({ alg: 'ES256' }, p384)));
  });

  it('is refused with keys or rules from elsewhere', async () => {
    const jwk = someRsa.key.publicKey.export({ format: 'jwk' });
    for (const more of [
      { jwk },
      { jku: 'https://keys.example' },
      { x5u: 'https://keys.example' },
      { crit: ['exp'] },
      { crit: [] },
      { b64: false },
      { b64: true },
      { zip: 'DEF' },
    ]) {
      await refused(put(aad(), signed(more)));
    }
    assert.equal((await put(aad(), signed({ kid: 'a', typ: 'JWT', cty: 'text' }))).status, 200);
  });

  it('is refused without certificates that are some', async () => {
    const { privateKey } = someRsa.key;
    const der = someRsa.base64;
    const x5cs: readonly unknown[] = [
      undefined,
      [],
      der,
      [7],
      [`${der} `],
      [b64url(someRsa.der)],
      [''],
      ['AAAA'],
      Array(7).fill(der),
    ];
    for (const x5c of x5cs) {
      await refused(put(aad(), signJws({ alg: 'RS256', x5c }, policyPayload(permissive), privateKey)));
    }
    const trailing = Buffer.concat([someRsa.der, Buffer.of(0)]).toString('base64');
    await refused(put(aad(), signJws({ alg: 'RS256', x5c: [trailing] }, policyPayload(permissive), privateKey)));
  });

  it('is refused when its certificate is not of now, or may not sign data', async () => {
    await refused(put(aad(), signed({}, old)));
    await refused(put(aad(), signed({}, later)));
    await refused(put(aad(), signed({}, makeCertificate({ key: someRsa.key, usage: 0x04 }))));
    await refused(put(aad(), signed({}, makeCertificate({ key: someRsa.key, version: 1 }))));
    await refused(put(aad(), signed({}, makeCertificate({ key: someRsa.key, hash: 'sha1' }))));
    // Unknown, extended key usage (for TLS, say) and name constraints.
    for (const id of ['1.2.3.4', '2.5.29.37', '2.5.29.30']) {
      await refused(put(aad(), signed({}, makeCertificate({ key: someRsa.key, critical: [id] }))));
    }
    const names = (...critical: readonly string[]): TestCertificate => makeCertificate({ key: someRsa.key, critical });
    assert.equal((await put(aad(), signed({}, names('2.5.29.17')))).status, 200);
    await refused(put(aad(), signed({}, names('2.5.29.17', '2.5.29.17'))));
    assert.equal((await put(aad(), signed({}, makeCertificate({ key: someRsa.key, usage: 0x80 })))).status, 200);
  });
});

describe('resetting a policy', () => {
  it('goes back to the default', async () => {
    const site = aad();
    await put(site, unsignedJws(policyPayload(permissive)));
    const claims = claimsOf((await reset(site, unsignedJws(''))).body.token ?? '');
    assert.equal(claims['x-ms-policy-result'], 'Removed');
    assert.equal(claims['x-ms-policy-token-hash'], createHash('sha256').update(unsignedJws('')).digest('base64url'));
    assert.deepEqual(['x-ms-policy-signer' in claims, 'x-ms-policy' in claims], [false, false]);
    assert.equal(await policyText(site), strictPolicies.SgxEnclave);
  });

  it('wants an empty payload', async () => {
    const site = aad();
    await put(site, unsignedJws(policyPayload(permissive)));
    for (const payload of [policyPayload(permissive), {}, null]) await refused(reset(site, unsignedJws(payload)));
    assert.equal(await policyText(site), permissive);
  });

  it('wants a registered signature of an isolated tenant', async () => {
    const site = isolatedSite();
    await put(site, managerJws(policyPayload(permissive), policySigner));
    await refused(reset(site, unsignedJws('')));
    await refused(reset(site, managerJws('', someRsa)));
    assert.equal(await policyText(site), permissive);
    assert.equal((await reset(site, managerJws('', policySigner))).status, 200);
  });
});

describe('an isolated tenant', () => {
  it('takes policies that a registered certificate signed, and no others', async () => {
    const site = isolatedSite();
    const unsigned = await refused(put(site, unsignedJws(policyPayload(permissive))));
    assert.match(unsigned, /takes only what a policy management certificate signed/);
    await refused(put(site, managerJws(policyPayload(permissive), someRsa)));
    assert.equal(await policyText(site), strictPolicies.SgxEnclave);
    assert.equal((await put(site, managerJws(policyPayload(permissive), policySigner))).status, 200);
    assert.equal(await policyText(site), permissive);
  });

  it('does not take the name of a registered certificate for the certificate', async () => {
    const impostor = makeCertificate({ key: rsaKey(), name: policySigner.name, ca: true });
    await refused(put(isolatedSite(), managerJws(policyPayload(permissive), impostor)));
    // The registered certificate is in the list, and it did not sign.
    await refused(
      put(isolatedSite(), managerJws(policyPayload(permissive), impostor, { chain: [impostor, policySigner] })),
    );
    await refused(
      put(isolatedSite(), managerJws(policyPayload(permissive), impostor, { chain: [policySigner, impostor] })),
    );
  });

  it('takes what a registered authority issued', async () => {
    const leaf = makeCertificate({ key: ecKey(), name: 'leaf', issuer: policySigner });
    const middle = makeCertificate({ key: ecKey(), name: 'middle', issuer: policySigner, ca: true, usage: 0x04 });
    const below = makeCertificate({ key: ecKey(), name: 'below', issuer: middle });
    const send = (signer: TestCertificate, chain: readonly TestCertificate[]): Promise<TestResponse> =>
      put(isolatedSite(), managerJws(policyPayload(permissive), signer, { chain }));
    for (const chain of [[leaf], [leaf, policySigner]]) assert.equal((await send(leaf, chain)).status, 200);
    for (const chain of [
      [below, middle],
      [below, middle, policySigner],
    ]) {
      assert.equal((await send(below, chain)).status, 200);
    }
    // The key of the authority, and the name of somebody else as issuer.
    const misnamed = makeCertificate({ key: ecKey(), name: 'leaf', issuer: { ...policySigner, name: 'other' } });
    for (const chain of [[misnamed], [misnamed, policySigner]]) await refused(send(misnamed, chain));
    await refused(send(below, [below]));
    await refused(send(below, [below, policySigner]));
    await refused(send(leaf, [leaf, middle, policySigner]));
  });

  it('does not take what was issued by something that may not issue', async () => {
    const noAuthority = makeCertificate({ key: ecKey(), name: 'root', ca: false });
    const noConstraints = makeCertificate({ key: ecKey(), name: 'root' });
    const noUsage = makeCertificate({ key: ecKey(), name: 'root', ca: true, usage: 0x80 });
    const expired = makeCertificate({
      key: rsaKey(),
      name: 'root',
      ca: true,
      notAfter: new Date('2026-01-01T00:00:00Z'),
    });
    for (const root of [noAuthority, noConstraints, noUsage, expired]) {
      const site = createSite({ file: tenantFile({ ...isolated, policyCertificates: [root.pem] }) });
      const leaf = makeCertificate({ key: ecKey(), name: 'leaf', issuer: root });
      for (const chain of [[leaf], [leaf, root]]) {
        await refused(put(site, managerJws(policyPayload(permissive), leaf, { chain })));
      }
    }
  });

  it('does not take a chain that is longer than its root lets it be', async () => {
    const root = makeCertificate({ key: ecKey(), name: 'root', ca: true, pathLength: 0 });
    const site = (): TestSite => createSite({ file: tenantFile({ ...isolated, policyCertificates: [root.pem] }) });
    const leaf = makeCertificate({ key: ecKey(), name: 'leaf', issuer: root });
    assert.equal((await put(site(), managerJws(policyPayload(permissive), leaf))).status, 200);
    const middle = makeCertificate({ key: ecKey(), name: 'middle', issuer: root, ca: true });
    const below = makeCertificate({ key: ecKey(), name: 'below', issuer: middle });
    for (const chain of [
      [below, middle],
      [below, middle, root],
    ]) {
      await refused(put(site(), managerJws(policyPayload(permissive), below, { chain })));
    }
  });

  it('judges the signer by the certificates of the moment of the change', async () => {
    const site = isolatedSite();
    const { state } = site.tenant;
    // Another replica removes the certificate between the request's begin and its write.
    const racing = {
      ...state,
      update: async (change: Parameters<typeof state.update>[0]) => {
        await state.update((document) => ({ ...document, certificates: [someRsa.base64] }));
        return state.update(change);
      },
    };
    Object.assign(site.tenant, { state: racing });
    await refused(put(site, managerJws(policyPayload(permissive), policySigner)));
  });
});

describe('a shared tenant', () => {
  it('shows its policies and lets nobody change them', async () => {
    const site = createSite({ file: tenantFile({ trustModel: 'shared' }) });
    assert.equal(await policyText(site), strictPolicies.SgxEnclave);
    await refused(put(site, unsignedJws(policyPayload(permissive))), 'Forbidden');
    await refused(reset(site, unsignedJws('')), 'Forbidden');
  });
});
