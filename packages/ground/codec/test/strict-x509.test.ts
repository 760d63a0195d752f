import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '@enclos/errors';
import {
  concatBytes,
  derBitString,
  derBoolean,
  derExplicit,
  derInteger,
  derMagnitude,
  derOctetString,
  derOid,
  derSequence,
  DerTag,
  derTime,
  derValue,
  fromHex,
  toHex,
  utf8,
} from '../src/index.ts';
import {
  describeName,
  describeValidity,
  maximumCrlBytes,
  parseCertificate,
  parseRevocationList,
  readName,
  readPublicKeyInfo,
  readRevocationListShape,
  readRsaPublicKey,
  readValidity,
} from '../src/x509/index.ts';
import { DerReader } from '../src/der.ts';
import { parseExtensions } from '../src/x509/extensions.ts';
import {
  algorithm,
  certificateOf,
  extensionOf,
  keyInfo,
  nameOf,
  revocationListOf,
  revokedOf,
  type Change,
} from './x509-values.ts';

const refuses = (action: () => unknown, message: RegExp | string, code: ErrorCode = 'CODEC_INVALID'): void =>
  assert.throws(action, { code, message });
const trailing = (action: () => unknown): void => refuses(action, /./, 'CODEC_TRAILING');

/** A PKI that signs with one algorithm. What it converts is marked. */
const form = {
  checkAlgorithm: (identifier: Uint8Array) => assert.deepEqual(identifier, algorithm),
  readSignature: (bits: Uint8Array) => concatBytes(Uint8Array.of(0xaa), bits),
  readPublicKey: (info: Uint8Array) => toHex(info),
};
const certificate = (change?: Change, outer?: Change) => parseCertificate(certificateOf(change, outer), form);
const list = (change?: Change, outer?: Change) => parseRevocationList(revocationListOf(change, outer), form);

test('a certificate is read whole, and is not the memory that it was given in', () => {
  const input = Buffer.from(certificateOf());
  const read = parseCertificate(input, form);
  assert.deepEqual(read.encoded, new Uint8Array(input));
  assert.notEqual(read.encoded.buffer, input.buffer);
  assert.ok(toHex(read.encoded).includes(toHex(read.signedBytes)));
  assert.deepEqual(read.signature, Uint8Array.of(0xaa, 1, 2, 3));
  assert.equal(read.serialNumber, '07');
  assert.deepEqual([read.issuer.commonName, read.subject.commonName], ['ca', 'vault']);
  assert.deepEqual(
    [read.notBeforeMs, read.notAfterMs],
    [Date.parse('2026-01-31T12:00:00Z'), Date.parse('2050-01-01T00:00:00Z')],
  );
  assert.equal(read.publicKey, toHex(keyInfo));
  assert.deepEqual([...read.extensions], [['1.2.3.4', Uint8Array.of(9)]]);
  assert.ok(Object.isFrozen(read));
});

/** What has this size, of what grows by a byte with each byte more that it is filled with. */
function ofSize(sizeBytes: number, filled: (bytes: number) => Uint8Array): Uint8Array {
  const frameBytes = filled(sizeBytes).length - sizeBytes;
  return filled(sizeBytes - frameBytes);
}
const filledExtension = (bytes: number): Uint8Array =>
  derSequence(extensionOf('1.2.3', undefined, new Uint8Array(bytes)));

test('a certificate has at most 16 KiB', () => {
  const padded = (sizeBytes: number): Uint8Array =>
    ofSize(sizeBytes, (bytes) => certificateOf({ extensions: derExplicit(3, filledExtension(bytes)) }));
  assert.equal(padded(16_384).length, 16_384);
  assert.doesNotThrow(() => parseCertificate(padded(16_384), form));
  refuses(() => parseCertificate(padded(16_385), form), /over 16384 bytes/, 'CODEC_OUT_OF_RANGE');
});

test('signatures are whole bytes, by one algorithm that the PKI uses', () => {
  const other = derSequence(derOid('1.2.840.10045.4.3.3'));
  const unfinished = derBitString(Uint8Array.of(0x80), 7);
  for (const read of [certificate, list]) {
    assert.throws(() => read({ algorithm: other }, { algorithm: other }), assert.AssertionError);
    refuses(() => read({ algorithm: other }), 'Two different signature algorithms in one signed value.');
    refuses(() => read({}, { signature: unfinished }), 'A signature that is not whole bytes.');
    trailing(() => read({}, { after: derInteger(1) }));
  }
});

test('a certificate without extensions vouches for nothing, nor one with an unknown critical extension', () => {
  refuses(() => certificate({ extensions: undefined }), 'A certificate without extensions.');
  const critical = (id: string): Change => ({
    extensions: derExplicit(3, derSequence(extensionOf(id, derBoolean(true)))),
  });
  refuses(() => certificate(critical('1.2.3.4')), 'Unknown critical extension 1.2.3.4.');
  for (const id of ['14', '15', '19', '20', '21', '31', '35'].map((last) => `2.5.29.${last}`)) {
    assert.deepEqual([...certificate(critical(id)).extensions.keys()], [id]);
  }
  assert.ok(certificate(critical('1.2.840.113741.1.13.1')).extensions.has('1.2.840.113741.1.13.1'));
  // A default value that is spelled out.
  const spelled = derSequence(extensionOf('1.2.3', derBoolean(false)));
  refuses(() => parseExtensions(new DerReader(spelled).sequence()), 'A default value that is spelled out.');
});

test('a revocation list is read whole', () => {
  const read = list();
  assert.ok(toHex(revocationListOf()).includes(toHex(read.signedBytes)));
  assert.deepEqual(read.signature, Uint8Array.of(0xaa, 1, 2, 3));
  assert.equal(read.issuer.commonName, 'ca');
  assert.deepEqual(
    [read.thisUpdateMs, read.nextUpdateMs],
    [Date.parse('2026-01-31T12:00:00Z'), Date.parse('2026-02-28T12:00:00Z')],
  );
  assert.deepEqual([...read.revokedSerialNumbers], ['07', '09']);
  assert.deepEqual([...read.extensions], [['2.5.29.20', Uint8Array.of(9)]]);
  assert.ok(Object.isFrozen(read));
});

test('a list is of version 2, has extensions, and nothing after them', () => {
  for (const version of [0, 2, 255]) refuses(() => list({ version: derInteger(version) }), /version 2/);
  refuses(() => list({ version: derInteger(256) }), /./, 'CODEC_OUT_OF_RANGE');
  refuses(() => list({ extensions: undefined }), 'A revocation list without extensions.');
  trailing(() => list({ after: derInteger(1) }));
  trailing(() => list({ extensions: derExplicit(0, concatBytes(derSequence(extensionOf('1.2.3')), derInteger(1))) }));
  refuses(
    () => list({ extensions: derExplicit(0, derSequence(extensionOf('2.5.29.27', derBoolean(true)))) }),
    // A delta list.
    'Unknown critical extension 2.5.29.27.',
  );
});

test('revoked certificates: none at all, or entries of number, time and known extensions', () => {
  assert.equal(list({ revoked: undefined }).revokedSerialNumbers.size, 0);
  refuses(() => list({ revoked: derSequence() }), 'An empty list of revoked certificates.');
  const reason = derSequence(extensionOf('2.5.29.21', derBoolean(true)));
  assert.deepEqual([...list({ revoked: derSequence(revokedOf(7, reason)) }).revokedSerialNumbers], ['07']);
  // The certificate of another issuer: an indirect list.
  const indirect = derSequence(extensionOf('2.5.29.29', derBoolean(true)));
  refuses(() => list({ revoked: derSequence(revokedOf(7, indirect)) }), 'Unknown critical extension 2.5.29.29.');
  trailing(() => list({ revoked: derSequence(revokedOf(7, reason, derInteger(1))) }));
  refuses(() => list({ revoked: derSequence(derSequence(derInteger(7), derInteger(1))) }), /./);
  const serial = (sizeBytes: number): Change => ({
    revoked: derSequence(
      derSequence(derMagnitude(new Uint8Array(sizeBytes).fill(1)), derTime(new Date('2026-01-01T00:00:00Z'))),
    ),
  });
  assert.deepEqual([...list(serial(20)).revokedSerialNumbers], ['01'.repeat(20)]);
  refuses(() => list(serial(21)), /./, 'CODEC_OUT_OF_RANGE');
});

test('what a list says is shown in any version and with any signature, but not with dates the wrong way round', () => {
  const shape = (change?: Change) => readRevocationListShape(revocationListOf(change));
  const shown = shape({ version: derInteger(7), algorithm: derSequence(derOid('1.2.3')) });
  assert.deepEqual(shown, {
    issuer: nameOf(['2.5.4.3', 'ca']),
    thisUpdateMs: Date.parse('2026-01-31T12:00:00Z'),
    nextUpdateMs: Date.parse('2026-02-28T12:00:00Z'),
  });
  assert.doesNotThrow(() => shape({ revoked: undefined }));
  assert.doesNotThrow(() => shape({ extensions: undefined }));
  const now = derTime(new Date('2026-01-31T12:00:00Z'));
  assert.doesNotThrow(() => shape({ nextUpdate: now }));
  refuses(() => shape({ nextUpdate: derTime(new Date('2026-01-31T11:59:59Z')) }), /ends before it begins/);
  trailing(() => shape({ after: derInteger(1) }));
  trailing(() => shape({ extensions: derExplicit(0, concatBytes(derSequence(extensionOf('1.2.3')), derInteger(1))) }));
  assert.throws(() => shape({ version: derOctetString(Uint8Array.of(1)) }));
  assert.throws(() => shape({ algorithm: derInteger(1) }));
  assert.throws(() => shape({ extensions: derExplicit(1, derSequence(extensionOf('1.2.3'))) }));
});

test('a list has at most a mebibyte', () => {
  const big = (sizeBytes: number): Uint8Array =>
    ofSize(sizeBytes, (bytes) => revocationListOf({ extensions: derExplicit(0, filledExtension(bytes)) }));
  assert.equal(maximumCrlBytes, 1_048_576);
  assert.doesNotThrow(() => parseRevocationList(big(maximumCrlBytes), form));
  refuses(() => parseRevocationList(big(maximumCrlBytes + 1), form), /over 1048576 bytes/, 'CODEC_OUT_OF_RANGE');
});

test('a public key is taken apart into algorithm, parameters and whole bytes', () => {
  const { algorithm: name, parameters, key } = readPublicKeyInfo(keyInfo);
  assert.equal(name, '1.2.840.10045.2.1');
  assert.equal(parameters.objectIdentifier(), '1.2.3');
  assert.deepEqual(key, Uint8Array.of(4, 5));
  const identifier = derSequence(derOid('1.2.3'));
  trailing(() => readPublicKeyInfo(derSequence(identifier, derBitString(Uint8Array.of(4)), derInteger(1))));
  const unfinished = derSequence(identifier, derBitString(Uint8Array.of(0x80), 7));
  refuses(() => readPublicKeyInfo(unfinished), 'A public key that is not whole bytes.');
});

test('an RSA key is a modulus and an exponent, each of a bounded length', () => {
  const number = (sizeBytes: number): Uint8Array => derMagnitude(new Uint8Array(sizeBytes).fill(0x7f));
  const key = readRsaPublicKey(derSequence(number(4), number(8)), 4);
  assert.deepEqual(key, { modulus: fromHex('7f7f7f7f'), exponent: fromHex('7f'.repeat(8)) });
  refuses(() => readRsaPublicKey(derSequence(number(5), number(1)), 4), /./, 'CODEC_OUT_OF_RANGE');
  refuses(() => readRsaPublicKey(derSequence(number(4), number(9)), 4), /./, 'CODEC_OUT_OF_RANGE');
  trailing(() => readRsaPublicKey(derSequence(number(4), number(1), derInteger(1)), 4));
});

test('a name has attributes of 256 bytes at most, one in each set', () => {
  assert.equal(readName(nameOf(['2.5.4.3', 'x'.repeat(256)])).commonName, 'x'.repeat(256));
  refuses(() => readName(nameOf(['2.5.4.3', 'x'.repeat(257)])), /./, 'CODEC_OUT_OF_RANGE');
  const attribute = derSequence(derOid('2.5.4.3'), derValue(DerTag.UTF8_STRING, utf8('a')));
  trailing(() => readName(derSequence(derValue(DerTag.SET, concatBytes(attribute, attribute)))));
  trailing(() => readName(derSequence(derValue(DerTag.SET, derSequence(attribute.subarray(2), derInteger(1))))));
});

test('each kind of attribute is shown by its letters, and another by its number', () => {
  const kinds = [
    ['2.5.4.3', 'CN'],
    ['2.5.4.6', 'C'],
    ['2.5.4.7', 'L'],
    ['2.5.4.8', 'ST'],
    ['2.5.4.10', 'O'],
    ['2.5.4.11', 'OU'],
    ['2.5.4.5', '2.5.4.5'],
  ] as const;
  const shown = describeName(nameOf(...kinds.map(([type]) => [type, 'x'] as const)));
  assert.equal(shown, kinds.map(([, letters]) => `${letters}=x`).join(', '));
  const long = (sizeBytes: number): Uint8Array => ofSize(sizeBytes, (bytes) => nameOf(['2.5.4.3', 'x'.repeat(bytes)]));
  assert.equal(long(2048).length, 2048);
  assert.match(describeName(long(2048)), /^CN=x+$/);
  assert.equal(describeName(long(2049)), 'a name that is too long');
});

test('dates are shown in the century that RFC 5280 says, and in no form that is not one', () => {
  const time = (text: string): Uint8Array => derValue(DerTag.UTC_TIME, utf8(text));
  const shown = (text: string): string => describeValidity(derSequence(time(text), time(text))).notAfter;
  assert.equal(shown('491231235959Z'), '2049-12-31T23:59:59Z');
  assert.equal(shown('500101000000Z'), '1950-01-01T00:00:00Z');
  for (const text of ['1500101000000Z', '500101000000Z1', 'x500101000000Z', '20260131120000+010']) {
    assert.equal(shown(text), text);
  }
  assert.equal(shown('x'.repeat(30)), 'x'.repeat(20));
  trailing(() => readValidity(derSequence(time('260101000000Z'), time('260102000000Z'), derInteger(1))));
});
