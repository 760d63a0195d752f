import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import {
  concatBytes,
  derBitString as bitString,
  derBoolean as boolean,
  derInteger as integer,
  derOctetString as octetString,
  derSequence as sequence,
  derValue as tlv,
} from '../src/index.ts';
import {
  KeyUsage,
  parseAuthorityKeyIdentifier,
  parseBasicConstraints,
  parseCrlDistributionPoint,
  parseKeyUsage,
  parseSubjectKeyIdentifier,
} from '../src/x509/index.ts';

const refuses = (parse: () => unknown): void => assert.throws(parse, (error) => isEnclosError(error));
const trailing = Uint8Array.of(5, 0);

/** The octets of the bits, how many of the last are unused, and the usage: the first bit is the lowest. */
const usages: readonly (readonly [octets: readonly number[], unusedBits: number, usage: number])[] = [
  [[0x80], 7, 1],
  [[0xc0], 6, 3],
  [[0x06], 1, 0x60],
  [[0x01], 0, 0x80],
  [[0x00, 0x80], 7, 0x100],
  [[0x81, 0x80], 7, 0x181],
  // Bits that RFC 5280 does not name mean nothing.
  [[0x00, 0x40], 6, 0],
];

for (const [octets, unusedBits, usage] of usages) {
  test(`key usage of ${octets.join(' ')} without ${unusedBits} bits is ${usage}`, () => {
    const value = bitString(Uint8Array.from(octets), unusedBits);
    assert.equal(parseKeyUsage(value, 'canonical'), usage);
    assert.equal(parseKeyUsage(value, 'padded'), usage);
    refuses(() => parseKeyUsage(concatBytes(value, trailing), 'padded'));
  });
}

test('the bits that chains need have their names', () => {
  for (const [octet, unusedBits, bit] of [
    [0x80, 7, KeyUsage.digitalSignature],
    [0x40, 6, KeyUsage.contentCommitment],
    [0x04, 2, KeyUsage.keyCertSign],
    [0x02, 1, KeyUsage.crlSign],
  ] as const) {
    assert.equal(parseKeyUsage(bitString(Uint8Array.of(octet), unusedBits), 'canonical'), bit);
  }
});

test('a key usage with a bit more than it needs is read as padded alone', () => {
  const value = bitString(Uint8Array.of(0x06), 0);
  assert.equal(parseKeyUsage(value, 'padded'), 0x60);
  refuses(() => parseKeyUsage(value, 'canonical'));
});

test('a key usage that is empty, or of three octets, is none in any form', () => {
  for (const octets of [[], [0x80, 0x80, 0x80]]) {
    const value = bitString(Uint8Array.from(octets), octets.length === 0 ? 0 : 7);
    for (const form of ['canonical', 'padded'] as const) refuses(() => parseKeyUsage(value, form));
  }
});

test('basic constraints are an authority, with a path length to 255 or without one, or none', () => {
  assert.deepEqual(parseBasicConstraints(sequence()), { isAuthority: false });
  assert.deepEqual(parseBasicConstraints(sequence(boolean(true))), { isAuthority: true });
  for (const pathLength of [0, 255]) {
    const value = sequence(boolean(true), integer(pathLength));
    assert.deepEqual(parseBasicConstraints(value), { isAuthority: true, pathLength });
    refuses(() => parseBasicConstraints(concatBytes(value, trailing)));
  }
  refuses(() => parseBasicConstraints(sequence(boolean(true), integer(256))));
  refuses(() => parseBasicConstraints(sequence(boolean(true), integer(1), integer(1))));
  refuses(() => parseBasicConstraints(sequence(boolean(false))));
  refuses(() => parseBasicConstraints(sequence(integer(0))));
});

// The certificates of policies come from any authority: many spell out CA:FALSE, and a few give a path length to a leaf.
test('defaults that are spelled out are read where any form is taken, and nothing else is', () => {
  assert.deepEqual(parseBasicConstraints(sequence(boolean(false)), 'any'), { isAuthority: false });
  assert.deepEqual(parseBasicConstraints(sequence(integer(0)), 'any'), { isAuthority: false, pathLength: 0 });
  refuses(() => parseBasicConstraints(sequence(boolean(true), integer(256)), 'any'));
  refuses(() => parseBasicConstraints(concatBytes(sequence(boolean(false)), trailing), 'any'));
});

test('the first URI of the distribution points is read', () => {
  const uri = (content: Uint8Array): Uint8Array => sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, content)))));
  assert.equal(parseCrlDistributionPoint(uri(Uint8Array.of(0x61))), 'a');
  for (const value of [
    sequence(sequence()),
    sequence(sequence(tlv(0xa0, tlv(0xa1, trailing)))),
    uri(new Uint8Array(2049)),
  ]) {
    refuses(() => parseCrlDistributionPoint(value));
  }
});

test('key identifiers have nothing after them', () => {
  const identifier = Uint8Array.of(1, 2, 3);
  const subject = octetString(identifier);
  const authority = sequence(tlv(0x80, identifier));
  assert.deepEqual(parseSubjectKeyIdentifier(subject), identifier);
  assert.deepEqual(parseAuthorityKeyIdentifier(authority), identifier);
  // RFC 5280 section 4.2.1.1: issuer and serial number may follow, and are not read.
  assert.deepEqual(parseAuthorityKeyIdentifier(sequence(tlv(0x80, identifier), tlv(0x82, identifier))), identifier);
  refuses(() => parseSubjectKeyIdentifier(concatBytes(subject, trailing)));
  refuses(() => parseAuthorityKeyIdentifier(concatBytes(authority, trailing)));
  refuses(() => parseAuthorityKeyIdentifier(sequence(tlv(0x82, identifier))));
});
