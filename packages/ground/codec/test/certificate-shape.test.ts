import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import fc from 'fast-check';
import {
  concatBytes,
  derBoolean,
  derExplicit,
  derInteger,
  derMagnitude,
  derOctetString,
  derOid,
  derSequence,
  DerTag,
  derValue,
  utf8,
} from '../src/index.ts';
import {
  describeName,
  describeValidity,
  readCertificateShape,
  readName,
  readValidity,
  requireVersion3,
  selfSignedCertificate,
  type SelfSignedCertificate,
} from '../src/x509/index.ts';
import { certificateOf, extensionOf, nameOf } from './x509-values.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
const extension = { id: '1.2.3.4', value: Uint8Array.of(1, 2) };
const refuses = (code: ErrorCode, action: () => unknown): void =>
  assert.throws(action, (error) => isEnclosError(error, code));

function certificateWith(extensions: SelfSignedCertificate['extensions'] = []): Uint8Array {
  return selfSignedCertificate({
    name: 'a.test',
    serialNumber: new Uint8Array(16),
    publicKey: spki,
    extensions,
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, privateKey)),
  });
}

test('key and extensions of a certificate are read, and copied', () => {
  const certificate = certificateWith([extension]);
  const { publicKey: key, extensions } = readCertificateShape(certificate);
  certificate.fill(0);
  assert.deepEqual(key, spki);
  assert.deepEqual(extensions.get(extension.id), { ...extension, critical: false });
  assert.equal(extensions.get('2.5.29.15')?.critical, true);
});

test('the fields agree with those that OpenSSL reads', () => {
  const der = certificateWith([extension]);
  const shape = readCertificateShape(der);
  const theirs = new X509Certificate(der);
  assert.equal(describeName(shape.subject).replaceAll(', ', '\n'), theirs.subject);
  assert.equal(describeName(shape.issuer).replaceAll(', ', '\n'), theirs.issuer);
  const { notBeforeMs, notAfterMs } = readValidity(shape.validity);
  assert.deepEqual([notBeforeMs, notAfterMs], [Date.parse(theirs.validFrom), Date.parse(theirs.validTo)]);
  assert.deepEqual(Buffer.from(requireVersion3(shape)).toString('hex').toUpperCase(), theirs.serialNumber);
  assert.deepEqual(shape.encoded, new Uint8Array(theirs.raw));
});

test('an extension that occurs twice, and too many of them, are refused', () => {
  refuses('CODEC_INVALID', () => readCertificateShape(certificateWith([extension, extension])));
  const many = Array.from({ length: 31 }, (_, index) => ({ ...extension, id: `1.2.3.${index}` }));
  readCertificateShape(certificateWith(many.slice(1)));
  refuses('CODEC_OUT_OF_RANGE', () => readCertificateShape(certificateWith(many)));
});

test('what follows a certificate, and what is cut off, are refused', () => {
  const good = certificateWith();
  for (const bytes of [
    concatBytes(good, Uint8Array.of(0)),
    good.subarray(0, -1),
    new Uint8Array(),
    new Uint8Array(524_289),
  ]) {
    assert.throws(
      () => readCertificateShape(bytes),
      (error) => isEnclosError(error) && error.code.startsWith('CODEC_'),
    );
  }
  assert.throws(
    () => readCertificateShape(good, { maxBytes: good.length - 1 }),
    (error) => isEnclosError(error, 'CODEC_OUT_OF_RANGE'),
  );
});

// The readers that this one replaced differed in what follows. The stricter rule stands, except where people are shown
// what a certificate says.
test('a certificate of any version is shown; where it must vouch for a key it is of version 3', () => {
  for (const version of [undefined, derExplicit(0, derInteger(1))]) {
    const shape = readCertificateShape(certificateOf({ version }));
    assert.equal(shape.version, version === undefined ? 1 : 2);
    refuses('CODEC_INVALID', () => requireVersion3(shape));
  }
  refuses('CODEC_OUT_OF_RANGE', () => readCertificateShape(certificateOf({ version: derExplicit(0, derInteger(3)) })));
  refuses('CODEC_TRAILING', () =>
    readCertificateShape(certificateOf({ version: derExplicit(0, concatBytes(derInteger(2), derInteger(2))) })),
  );
});

test('a serial number of any form is shown; where it must vouch for a key it is positive and of 20 bytes at most', () => {
  const serial = (bytes: readonly number[]): Uint8Array => derValue(DerTag.INTEGER, Uint8Array.from(bytes));
  for (const serialNumber of [serial([0x80]), serial([0, 1]), derMagnitude(new Uint8Array(21).fill(1))]) {
    const shape = readCertificateShape(certificateOf({ serialNumber }));
    assert.throws(
      () => requireVersion3(shape),
      (error) => isEnclosError(error),
    );
  }
  assert.deepEqual(requireVersion3(readCertificateShape(certificateOf())), Uint8Array.of(7));
});

test('nothing stands before or after the extensions, and unique identifiers neither', () => {
  const unique = concatBytes(derValue(0x81, Uint8Array.of(0, 1)), derValue(0x82, Uint8Array.of(0, 1)));
  refuses('CODEC_TRAILING', () => readCertificateShape(certificateOf({ unique })));
  refuses('CODEC_TRAILING', () => readCertificateShape(certificateOf({ unique: derInteger(1) })));
  refuses('CODEC_TRAILING', () => readCertificateShape(certificateOf({ after: derInteger(1) })));
  assert.equal(readCertificateShape(certificateOf({ extensions: undefined })).extensions.size, 0);
});

test('a list of extensions is not empty, ends where its tag ends, and may spell out defaults', () => {
  const list = (...parts: readonly Uint8Array[]): Uint8Array =>
    certificateOf({ extensions: derExplicit(3, concatBytes(...parts)) });
  refuses('CODEC_INVALID', () => readCertificateShape(list(derSequence())));
  refuses('CODEC_TRAILING', () => readCertificateShape(list(derSequence(extensionOf('1.2.3')), derInteger(1))));
  refuses('CODEC_TRAILING', () =>
    readCertificateShape(list(derSequence(derSequence(derOid('1.2.3'), derOctetString(spki), derInteger(1))))),
  );
  const { extensions } = readCertificateShape(list(derSequence(extensionOf('1.2.3', derBoolean(false)))));
  assert.equal(extensions.get('1.2.3')?.critical, false);
});

test('names and dates are decoded where they are needed, strictly or for people', () => {
  const { subject, validity } = readCertificateShape(certificateOf());
  assert.equal(readName(subject).commonName, 'vault');
  assert.equal(describeName(subject), 'CN=vault, O=Example');
  assert.equal(readValidity(validity).notAfterMs, Date.parse('2050-01-01T00:00:00Z'));
  assert.deepEqual(describeValidity(validity), { notBefore: '2026-01-31T12:00:00Z', notAfter: '2050-01-01T00:00:00Z' });
  const odd = certificateOf({
    subject: nameOf(['2.5.4.3', 'one'], ['2.5.4.3', 'two']),
    // GeneralizedTime before 2050, which RFC 5280 forbids.
    validity: derSequence(
      derValue(DerTag.GENERALIZED_TIME, utf8('20260131120000Z')),
      derValue(DerTag.UTC_TIME, utf8('x')),
    ),
  });
  const shape = readCertificateShape(odd);
  assert.equal(describeName(shape.subject), 'CN=one, CN=two');
  refuses('CODEC_INVALID', () => readName(shape.subject));
  assert.deepEqual(describeValidity(shape.validity), { notBefore: '2026-01-31T12:00:00Z', notAfter: 'x' });
  refuses('CODEC_INVALID', () => readValidity(shape.validity));
  assert.equal(describeName(nameOf(['2.5.4.3', 'x'.repeat(3000)])), 'a name that is too long');
});

test('mutated and arbitrary bytes throw nothing but codec errors', () => {
  const seeds = [certificateWith([extension]), certificateOf()];
  const edits = fc.array(fc.tuple(fc.nat(600), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  const mutated = fc.tuple(fc.constantFrom(...seeds), edits).map(([seed, changes]) => {
    const bytes = seed.slice();
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), (bytes) => {
      try {
        const { subject, validity } = readCertificateShape(bytes);
        describeName(subject);
        describeValidity(validity);
      } catch (error) {
        assert.ok(isEnclosError(error) && error.code.startsWith('CODEC_'), String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});
