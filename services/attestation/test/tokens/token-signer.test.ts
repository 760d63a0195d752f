import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { readCertificateEvidence } from '@enclos/atls/token-key';
import { parseCollateral } from '@enclos/attestation';
import { softwareRootSync, verifyQuoteSync } from '@enclos/attestation/node';
import { toHex } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { scenario } from '@enclos/evidence-kit';
import { isFreedYoung } from '@enclos/testkit';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { createTokenSigner } from '../../src/tokens/token-signer.ts';
import type { PublishedKey } from '@enclos/service/peers';
import type { JsonValue } from '@enclos/codec/json';
import type { JsonClaims } from '../../src/tokens/signer.ts';
import { issuer, minuteMs, signerOptions, verified, type Clock } from './signing.ts';

const start = Date.parse('2026-01-15T12:00:00Z');
/** By way of PEM: in DER, Node would find the PEM of the PCK certificate in the quote first. */
const certificateOf = (key: PublishedKey | undefined): X509Certificate =>
  new X509Certificate(toPem('CERTIFICATE', new Uint8Array(Buffer.from(key?.x5c[0] ?? '', 'base64'))));

for (const [algorithm, changes] of [
  ['RS256', {}],
  ['RS256', { rsaBits: 3072 }],
  ['ES256', {}],
  ['ES384', {}],
] as const) {
  test(`${algorithm} ${JSON.stringify(changes)}: tokens verify by the published keys alone, with the header that Azure has`, async () => {
    const signer = await createTokenSigner(signerOptions({ ms: start }, { algorithm, ...changes }));
    const token = await signer.sign({ 'x-ms-ver': '1.0' });
    const keys = await signer.publishedKeys();
    const payload = await verified(token, keys, { algorithms: [algorithm], atMs: start });
    const [key] = keys;
    assert.deepEqual(decodeProtectedHeader(token), {
      alg: algorithm,
      jku: `${issuer}/certs`,
      kid: key?.kid,
      typ: 'JWT',
    });
    const seconds = start / 1000;
    assert.match(String(payload.jti), /^[0-9a-f-]{36}$/);
    assert.deepEqual(
      { ...payload, jti: 'random' },
      {
        'x-ms-ver': '1.0',
        iss: issuer,
        iat: seconds - 120,
        nbf: seconds - 120,
        exp: seconds + 480 * 60,
        jti: 'random',
        'x-enclos-configuration': 'CFdigest',
      },
    );
    const certificate = certificateOf(key);
    assert.ok(certificate.verify(certificate.publicKey));
    assert.equal(certificate.subject, `CN=${issuer}`);
    assert.ok(Date.parse(certificate.validFrom) < start && Date.parse(certificate.validTo) > start + 1440 * minuteMs);
    const bits = (changes as { rsaBits?: number }).rsaBits ?? 2048;
    if (algorithm === 'RS256') assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, bits);
  });
}

test('the certificate carries evidence about the key: for this issuer and configuration, and for no TLS', async () => {
  const made = scenario();
  const quote = (reportData: Uint8Array): Promise<Uint8Array> =>
    Promise.resolve(scenario({ report: { reportData } }).quote);
  const signer = await createTokenSigner(signerOptions({ ms: start }, { quote }));
  const [key] = signer.ownKeys();
  const evidence = readCertificateEvidence(new Uint8Array(Buffer.from(key?.x5c[0] ?? '', 'base64')));
  assert.deepEqual(evidence.own, { role: 'token-signer', issuer, configuration: 'CFdigest', issuedAtMs: start });
  const verdict = verifyQuoteSync(evidence.quote, parseCollateral(made.collateral), {
    roots: [softwareRootSync(made.root.certificate)],
    now: made.at,
  });
  assert.equal(verdict.report.reportData, toHex(evidence.boundReportData[0] ?? new Uint8Array()));
  assert.deepEqual(
    evidence.publicKey,
    new Uint8Array(certificateOf(key).publicKey.export({ type: 'spki', format: 'der' })),
  );
});

test('the names that the signer owns are its own, whatever the claims say', async () => {
  const clock: Clock = { ms: start };
  const signer = await createTokenSigner(signerOptions(clock, { software: true, testSettings: true }));
  const forged = Object.fromEntries(
    ['iss', 'iat', 'nbf', 'exp', 'jti', 'x-enclos-platform', 'x-enclos-configuration', 'x-enclos-test-settings'].map(
      (name) => [name, 'forged'],
    ),
  );
  const payload = await verified(await signer.sign(forged), await signer.publishedKeys(), { atMs: start });
  assert.equal(Object.values(payload).includes('forged'), false);
  assert.equal(payload['x-enclos-platform'], 'software');
  assert.equal(payload['x-enclos-test-settings'], true);
  assert.equal(
    certificateOf(signer.ownKeys()[0]).subject,
    `OU=Software platforms are accepted\nOU=Test settings are allowed\nCN=${issuer}`,
  );
});

test('validity: what is asked for, from a minute to the maximum', async () => {
  const options = signerOptions({ ms: start }, { maximumValidityMinutes: 600 });
  const signer = await createTokenSigner(options);
  for (const [asked, given] of [
    [10, 10],
    [10.9, 10],
    [0, 1],
    [-5, 1],
    [525_600, 600],
  ] as const) {
    const { exp } = decodeJwt(await signer.sign({}, { validityMinutes: asked }));
    assert.equal(exp, start / 1000 + given * 60);
  }
});

test('the header names the certificate only when it is asked to', async () => {
  const signer = await createTokenSigner(signerOptions({ ms: start }));
  const [key] = signer.ownKeys();
  const whole = decodeProtectedHeader(await signer.sign({}, { certificate: 'x5c' }));
  assert.deepEqual(whole.x5c, key?.x5c);
  const named = decodeProtectedHeader(await signer.sign({}, { certificate: 'x5t' }));
  const digest = createHash('sha1').update(certificateOf(key).raw).digest('base64url');
  assert.deepEqual([named.x5t, named.x5c], [digest, undefined]);
});

test('an issuer that is too long for a common name is named by its digest, and whole in the alternative name', async () => {
  const long = `https://${'a'.repeat(80)}.test`;
  const signer = await createTokenSigner(signerOptions({ ms: start }, { issuer: long }));
  const certificate = certificateOf(signer.ownKeys()[0]);
  assert.equal(certificate.subject, `CN=issuer sha256 ${createHash('sha256').update(long).digest('base64url')}`);
  assert.equal(certificate.subjectAltName, `URI:${long}`);
});

test('claims that are too large or too deep become no token', async () => {
  const signer = await createTokenSigner(signerOptions({ ms: start }));
  let deep: JsonValue = 1;
  for (let depth = 0; depth < 50; depth++) deep = [deep];
  for (const claim of ['x'.repeat(1_048_577), deep]) {
    await assert.rejects(signer.sign({ claim }), { code: 'ATTESTATION_TOKEN_TOO_LARGE' });
  }
});

test('options that make no sense are refused, and a quote that fails is no signer', async () => {
  for (const changes of [
    { validityMinutes: 0 },
    { validityMinutes: 1441 },
    { validityMinutes: 1.5 },
    { issuer: `${issuer}#tls` },
    { keys: { rotateMinutes: 10, overlapMinutes: 10 } },
    { keys: { rotateMinutes: 0, overlapMinutes: 0 } },
    { keys: { rotateMinutes: Number.NaN, overlapMinutes: 1 } },
    { keys: { rotateMinutes: 20, overlapMinutes: 10 } },
  ]) {
    await assert.rejects(createTokenSigner(signerOptions({ ms: start }, changes)), {
      code: 'ATTESTATION_TENANT_UNUSABLE',
    });
  }
  const failing = createTokenSigner(signerOptions({ ms: start }, { quote: () => Promise.reject(new Error('none')) }));
  await assert.rejects(failing, { code: 'ATLS_EVIDENCE_UNAVAILABLE' });
});

test('keys of peers follow those of this replica, and never replace one', async () => {
  const other = await createTokenSigner(signerOptions({ ms: start }));
  let peers = other.ownKeys();
  const signer = await createTokenSigner(signerOptions({ ms: start }, { peers: () => Promise.resolve(peers) }));
  assert.deepEqual(await signer.publishedKeys(), [...signer.ownKeys(), ...other.ownKeys()]);
  const [own] = signer.ownKeys();
  const [foreign] = other.ownKeys();
  assert.ok(own !== undefined && foreign !== undefined);
  peers = [{ ...foreign, kid: own.kid }];
  assert.deepEqual(await signer.publishedKeys(), signer.ownKeys());
});

test('nothing of a token is kept after it is signed', async () => {
  const signer = await createTokenSigner(signerOptions({ ms: start }, { algorithm: 'ES256' }));
  let number = 0;
  // Each text is another one, or it would be one text that is always there.
  const signAnother = (): Promise<string> => signer.sign({ text: String(number++).padEnd(16_384, 'x') });
  assert.ok(await isFreedYoung(signAnother, { sizeBytes: 16_384 }));
});

test('no name of a claim is special, but those of the signer are its own', async () => {
  const signer = await createTokenSigner(signerOptions({ ms: start }));
  const claims = JSON.parse('{"__proto__":{"a":1},"constructor":2,"iss":"https://other.test","exp":1}') as JsonClaims;
  const [, segment = ''] = (await signer.sign(claims)).split('.');
  const text = Buffer.from(segment, 'base64url').toString();
  assert.match(text, /^\{"__proto__":\{"a":1\},"constructor":2,"exp":1\d+,/);
  assert.equal((JSON.parse(text) as { readonly iss?: unknown }).iss, issuer);
});
