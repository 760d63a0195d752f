import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import {
  cborArray,
  cborBytes,
  cborMap,
  cborTag,
  cborText,
  cborUnsigned,
  concatBytes,
  derOctetString,
  derOid,
  DerTag,
  derValue,
  fromHex,
  toBase64url,
  toHex,
  utf8,
} from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import { evidenceExtensions, extensionId } from '../../src/certificate/certificate-evidence.ts';
import { readCertificateEvidence, type CertificateEvidence } from '../../src/index.ts';
import { encodeClaims } from '../../src/certificate/own-claims.ts';
import { encodeTaggedEvidence } from '../../src/certificate/tagged-evidence.ts';
import {
  certificateWith,
  openEnclaveEvidence,
  openEnclaveReport,
  publicKey,
  publicKeyText,
  quoteLike,
  reportDataOf,
  withIdentifier,
} from '../certificates.ts';

const quote = quoteLike(7);
const claims = encodeClaims(publicKey, { role: 'server', issuedAtMs: 1_750_000_000_123 });
const tagged = encodeTaggedEvidence({ quote, claims });
const mediaType = 'application/vnd.enclos.tagged-evidence+cbor';

const azureId = '1.2.840.113556.10.1.1';
/** What begins as a quote does: version 3, a key of P-256. */
const bareQuote = concatBytes(fromHex('03000200'), quote.subarray(4));

const withoutHeader = (value: Uint8Array): CertificateEvidence =>
  readCertificateEvidence(certificateWith({ id: azureId, value }));

/** @returns the rule that was broken. */
function ruleOf(certificate: Uint8Array): unknown {
  try {
    readCertificateEvidence(certificate);
  } catch (error) {
    if (isEnclosError(error, 'ATLS_CERTIFICATE_INVALID')) return error.details['rule'];
    throw error;
  }
  return 'it was read';
}

const withTagged = (value: Uint8Array): Uint8Array => certificateWith({ id: extensionId.tagged, value });
const withCmw = (value: Uint8Array): Uint8Array => certificateWith({ id: extensionId.cmw, value });
const digest = (algorithm: string): Uint8Array => new Uint8Array(createHash(algorithm).update(publicKey).digest());
const hashed = (number: number, value: Uint8Array): Uint8Array =>
  cborBytes(cborArray(cborUnsigned(number), cborBytes(value)));

test('a certificate of ours holds tagged evidence, and the same in a record of RFC 9999', () => {
  const certificate = certificateWith(...evidenceExtensions({ quote, claims }));
  const evidence = readCertificateEvidence(certificate);
  assert.equal(evidence.form, 'tagged');
  assert.deepEqual(evidence.quote, quote);
  assert.deepEqual(evidence.publicKey, publicKey);
  assert.deepEqual(evidence.boundReportData, [reportDataOf(claims)]);
  assert.deepEqual(evidence.own, { role: 'server', issuedAtMs: 1_750_000_000_000 });
  assert.ok(Object.isFrozen(evidence) && Object.isFrozen(evidence.boundReportData));
  assert.ok(new X509Certificate(certificate).verify(new X509Certificate(certificate).publicKey));
});

test('tagged evidence: hashes by each algorithm, claims of others, and no claims of ours by halves', () => {
  for (const [number, algorithm] of [
    [1, 'sha256'],
    [7, 'sha384'],
    [8, 'sha512'],
  ] as const) {
    const foreign = cborMap({
      'pubkey-hash': hashed(number, digest(algorithm)),
      nonce: cborBytes(fromHex('0102')),
      key_0: cborArray(cborUnsigned(1), cborMap({ a: cborText('b') })),
      'enclos-role': cborText('server'),
    });
    const evidence = readCertificateEvidence(withTagged(encodeTaggedEvidence({ quote, claims: foreign })));
    assert.deepEqual([evidence.form, evidence.own], ['tagged', undefined]);
    assert.deepEqual(evidence.boundReportData, [reportDataOf(foreign)]);
  }
});

test('the record of RFC 9999 alone, in CBOR and in JSON', () => {
  const text = (json: string): Uint8Array => derValue(DerTag.UTF8_STRING, utf8(json));
  const parts = [cborText(mediaType), cborBytes(tagged)];
  for (const value of [
    derOctetString(cborArray(...parts)),
    derOctetString(cborArray(...parts, cborUnsigned(0b101))),
    text(JSON.stringify([mediaType, toBase64url(tagged)])),
    text(JSON.stringify([mediaType, toBase64url(tagged), 4])),
  ]) {
    const evidence = readCertificateEvidence(withCmw(value));
    assert.deepEqual([evidence.form, evidence.quote], ['cmw', quote]);
  }
  // Records about something else are none of ours, and none of the evidence.
  for (const value of [
    derOctetString(cborArray(cborUnsigned(60), cborBytes(tagged))),
    derOctetString(cborArray(...parts, cborUnsigned(0b10))),
    text(JSON.stringify(['application/eat+jwt', 'AAAA'])),
  ]) {
    assert.equal(ruleOf(withCmw(value)), 'evidence');
  }
  for (const value of [
    derOctetString(cborArray(cborText(mediaType))),
    derOctetString(concatBytes(cborArray(...parts), Uint8Array.of(0))),
    concatBytes(derOctetString(cborArray(...parts)), Uint8Array.of(5, 0)),
    text('{}'),
    text('[1,2]'),
    text('['),
    text(JSON.stringify([mediaType, toBase64url(tagged), -1])),
    text(JSON.stringify([mediaType, `${toBase64url(tagged)}=`])),
  ]) {
    assert.equal(ruleOf(withCmw(value)), 'well-formed-evidence', toHex(value.subarray(0, 40)));
  }
});

test('a record in JSON with more in it than a record has is refused before it is parsed', (context) => {
  const parse = context.mock.method(JSON, 'parse');
  for (const json of [`[${'{},'.repeat(60_000)}{}]`, '[[]]', '["a","b",1,2,3]']) {
    assert.equal(ruleOf(withCmw(derValue(DerTag.UTF8_STRING, utf8(json)))), 'well-formed-evidence');
  }
  assert.equal(parse.mock.callCount(), 0);
});

test('Gramine’s former extension, whose identifier is none', () => {
  const standIn = '1.2.3.4.5.6.7.8.9.10.11.12';
  const certificate = withIdentifier(
    certificateWith({ id: standIn, value: quote }),
    derOid(standIn).subarray(2),
    fromHex('06092a864886f84d8a3906'),
  );
  const evidence = readCertificateEvidence(certificate);
  assert.deepEqual([evidence.form, evidence.quote], ['gramine-legacy', quote]);
  assert.deepEqual(evidence.boundReportData, [reportDataOf(publicKey)]);
});

test('reports of Open Enclave and of EGo, by both identifiers', () => {
  for (const id of ['1.3.6.1.4.1.311.105.1', '1.2.840.113556.10.1.1']) {
    const evidence = readCertificateEvidence(certificateWith({ id, value: openEnclaveReport(quote) }));
    assert.deepEqual([evidence.form, evidence.quote], ['oe-report', quote]);
    assert.deepEqual(evidence.boundReportData, [reportDataOf(publicKeyText), reportDataOf(publicKey)]);
    for (const value of [
      openEnclaveReport(quote, { version: 2 }),
      openEnclaveReport(quote, { type: 1 }),
      openEnclaveReport(quote, { extra: 1 }),
      openEnclaveReport(quote, { extra: -1 }),
      openEnclaveReport(quote).subarray(0, 15),
    ]) {
      assert.equal(ruleOf(certificateWith({ id, value })), 'well-formed-evidence');
    }
  }
});

test('reports in an OCTET STRING, and quotes without a header of Open Enclave', () => {
  const azure = withoutHeader(derOctetString(bareQuote));
  assert.deepEqual([azure.form, azure.quote], ['oe-report', bareQuote]);
  // The hash of the key in DER is a rule of EGo, which writes the header.
  assert.deepEqual(azure.boundReportData, [reportDataOf(publicKeyText)]);
  assert.deepEqual(withoutHeader(bareQuote), azure);
  const wrapped = withoutHeader(derOctetString(openEnclaveReport(quote)));
  assert.deepEqual([wrapped.form, wrapped.quote], ['oe-report', quote]);
  assert.deepEqual(wrapped.boundReportData, [reportDataOf(publicKeyText), reportDataOf(publicKey)]);
  for (const value of [
    derOctetString(quote),
    derOctetString(new Uint8Array()),
    derOctetString(derOctetString(bareQuote)),
    concatBytes(derOctetString(bareQuote), Uint8Array.of(0)),
    derOctetString(bareQuote).subarray(0, -1),
    derOctetString(openEnclaveReport(quote, { extra: -1 })),
    derOctetString(openEnclaveReport(quote, { type: 1 })),
    derValue(DerTag.UTF8_STRING, bareQuote),
  ]) {
    assert.equal(ruleOf(certificateWith({ id: azureId, value })), 'well-formed-evidence', toHex(value.subarray(0, 8)));
  }
});

test('the version that Azure writes beside its quote is not evidence, and nothing else is skipped', () => {
  const id = '1.2.840.113556.10.1.2';
  const report = { id: azureId, value: derOctetString(bareQuote) };
  assert.equal(ruleOf(certificateWith(report, { id, value: fromHex('020101') })), 'it was read');
  assert.equal(ruleOf(certificateWith({ id, value: fromHex('020101') })), 'evidence');
  for (const value of ['', '0201', '0200', '02020101', '02010100', '040101', '01']) {
    assert.equal(ruleOf(certificateWith(report, { id, value: fromHex(value) })), 'well-formed-evidence', value);
  }
});

test('evidence of Open Enclave, by both identifiers', () => {
  for (const id of ['1.3.6.1.4.1.311.105.2', '1.2.840.113556.10.1.2']) {
    const evidence = readCertificateEvidence(certificateWith({ id, value: openEnclaveEvidence(quote) }));
    assert.deepEqual([evidence.form, evidence.quote], ['oe-evidence', quote]);
    assert.deepEqual(evidence.boundReportData, [reportDataOf(publicKeyText)]);
    assert.equal(
      ruleOf(certificateWith({ id, value: openEnclaveEvidence(quote, { claims: utf8('another key') }) })),
      'claims-for-this-key',
    );
    for (const value of [
      openEnclaveEvidence(quote, { version: 2 }),
      openEnclaveEvidence(quote, { format: '00'.repeat(16) }),
      openEnclaveEvidence(quote.subarray(0, 435), { claims: new Uint8Array() }),
      openEnclaveEvidence(quoteLike(1, 100).subarray(0, 500), { claims: new Uint8Array() }),
      concatBytes(openEnclaveEvidence(quote), Uint8Array.of(0)),
    ]) {
      assert.equal(ruleOf(certificateWith({ id, value })), 'well-formed-evidence');
    }
  }
});

test('each rule about tagged evidence refuses what breaks it', () => {
  const key = { 'pubkey-hash': hashed(1, digest('sha256')) };
  const claimed = (value: Uint8Array): Uint8Array => encodeTaggedEvidence({ quote, claims: value });
  const malformed: readonly Uint8Array[] = [
    new Uint8Array(),
    cborTag(60_001, cborArray(cborBytes(quote), cborBytes(claims))),
    cborTag(60_000, cborArray(cborBytes(quote))),
    cborTag(60_000, cborArray(cborBytes(quote), cborBytes(claims), cborUnsigned(0))),
    cborTag(60_000, cborArray(cborText('quote'), cborBytes(claims))),
    concatBytes(tagged, Uint8Array.of(0)),
    claimed(cborMap({})),
    claimed(cborUnsigned(0)),
    claimed(concatBytes(cborMap(key), Uint8Array.of(0))),
    // The same member twice.
    claimed(concatBytes(fromHex('a2'), cborMap(key).subarray(1), cborMap(key).subarray(1))),
    claimed(cborMap({ 'pubkey-hash': hashed(2, digest('sha256')) })),
    claimed(cborMap({ 'pubkey-hash': cborBytes(cborUnsigned(1)) })),
    claimed(cborMap(Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, cborUnsigned(i)])))),
  ];
  for (const value of malformed) assert.equal(ruleOf(withTagged(value)), 'well-formed-evidence', toHex(value));
  const other = digest('sha256').map((byte) => byte ^ 1);
  for (const value of [hashed(1, other), hashed(7, digest('sha256')), hashed(1, new Uint8Array())]) {
    assert.equal(ruleOf(withTagged(claimed(cborMap({ 'pubkey-hash': value })))), 'claims-for-this-key');
  }
});

test('a certificate without evidence, with two quotes, with an extension twice, or none at all', () => {
  assert.equal(ruleOf(certificateWith()), 'evidence');
  const [first, second] = evidenceExtensions({ quote, claims });
  const [, another] = evidenceExtensions({ quote: quoteLike(8), claims });
  assert.ok(first !== undefined && second !== undefined && another !== undefined);
  assert.equal(ruleOf(certificateWith(first, another)), 'one-quote');
  const reports = ['1.3.6.1.4.1.311.105.1', '1.2.840.113556.10.1.1'].map((id, index) => ({
    id,
    value: openEnclaveReport(quoteLike(index)),
  }));
  assert.equal(ruleOf(certificateWith(...reports)), 'one-quote');
  // Gramine’s certificates have a second quote, in its former form.
  assert.equal(readCertificateEvidence(certificateWith(...reports.slice(1), first)).form, 'tagged');
  assert.equal(ruleOf(certificateWith(first, first)), 'well-formed');
  assert.equal(ruleOf(certificateWith(second, first)), 'it was read');
  for (const bytes of [new Uint8Array(), Uint8Array.of(0x30, 0), new Uint8Array(524_289)]) {
    assert.equal(ruleOf(bytes), 'well-formed');
  }
  const certificate = certificateWith(first);
  assert.equal(ruleOf(concatBytes(certificate, Uint8Array.of(0))), 'well-formed');
  assert.equal(ruleOf(certificate.subarray(0, -1)), 'well-formed');
});

test('quotes and claims of any content come back as they went in', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 6000 }),
      fc.constantFrom('client' as const, 'server' as const),
      fc.nat(2 ** 31),
      (bytes, role, seconds) => {
        const issuedAtMs = seconds * 1000;
        const made = encodeClaims(publicKey, { role, issuedAtMs });
        const evidence = readCertificateEvidence(
          certificateWith(...evidenceExtensions({ quote: bytes, claims: made })),
        );
        assert.deepEqual(evidence.quote, bytes);
        assert.deepEqual(evidence.own, { role, issuedAtMs });
      },
    ),
    { numRuns: 50 },
  );
});

test('an extension of any bytes is read, or refused with the code for it', () => {
  const ids = [azureId, '1.3.6.1.4.1.311.105.1', '1.2.840.113556.10.1.2'] as const;
  const bytes = fc.uint8Array({ maxLength: 600 });
  const value = fc.oneof(
    bytes,
    bytes.map(derOctetString),
    bytes.map((tail) => concatBytes(bareQuote, tail)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...ids), value, (id, content) => {
      ruleOf(certificateWith({ id, value: content }));
    }),
    { numRuns: 200 },
  );
});

test('a certificate with any byte changed is read, or refused with the code for it', () => {
  const certificate = certificateWith(...evidenceExtensions({ quote: quoteLike(7, 10), claims }));
  for (let at = 0; at < certificate.length; at++) {
    for (const flip of [1, 0x80]) {
      const changed = certificate.slice();
      changed[at] = (changed[at] ?? 0) ^ flip;
      ruleOf(changed);
    }
  }
});

vectors.test('certificates of Gramine and of the Intel SGX SDK', () => {
  for (const name of ['gramine-cert', 'intel-sgxsdk-cert']) {
    const certificate = new X509Certificate(vectors.read(`ra-tls/${name}.pem`));
    const evidence = readCertificateEvidence(new Uint8Array(certificate.raw));
    assert.equal(evidence.form, 'tagged');
    assert.deepEqual(evidence.quote, vectors.read(`ra-tls/${name}.quote.bin`));
    assert.equal(evidence.own, undefined);
    // REPORTDATA of a quote: its header has 48 bytes, its body has it at 320.
    const [expected, ...others] = evidence.boundReportData;
    assert.deepEqual(expected, evidence.quote.slice(368, 432));
    assert.deepEqual(others, []);
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
    assert.deepEqual(evidence.publicKey, new Uint8Array(spki));
  }
});
