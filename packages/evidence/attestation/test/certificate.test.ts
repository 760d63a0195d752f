import { parseP256Certificate, parseP256RevocationList } from '../src/x509/p256-certificate.ts';
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { concatBytes, fromHex, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import { decodeCertificates } from '../src/x509/pem.ts';
import { parseSgxExtension } from '../src/dcap/tcb/sgx-extension.ts';
import {
  bitString,
  boolean,
  explicit,
  integer,
  name,
  objectIdentifier,
  octetString,
  sequence,
  text,
  time,
  tlv,
} from './der-writer.ts';
import { chainOf, pem, quoteOf, sgxRows } from './intel-vectors.ts';
import {
  crlNumber,
  encodeExtensions,
  makeCertificate,
  makeCrl,
  publicKeyInfo,
  signed,
  standardExtensions,
  type CertificateSpec,
  type CrlSpec,
} from './synthetic-pki.ts';
import { keys, sgxExtension } from './synthetic-platform.ts';

const refuses = (parse: (bytes: Uint8Array) => unknown, bytes: Uint8Array, what: string): void =>
  assert.throws(
    () => parse(bytes),
    (error) => isEnclosError(error),
    what,
  );

const spec: CertificateSpec = {
  commonName: 'Leaf',
  issuerName: 'Issuer',
  serialNumber: 300,
  notBefore: new Date('2020-02-29T01:02:03Z'),
  notAfter: new Date('2050-01-01T00:00:00Z'),
  key: keys.pck,
  issuerKey: keys.root,
  extensions: standardExtensions({ point: keys.pck.point, issuerPoint: keys.root.point }),
};

test('a certificate reads as the engine reads it', () => {
  const encoded = makeCertificate(spec);
  const ours = parseP256Certificate(encoded);
  const engine = new X509Certificate(encoded);
  assert.equal(ours.serialNumber.padStart(4, '0'), engine.serialNumber.toLowerCase());
  assert.equal(ours.subject.commonName, 'Leaf');
  assert.equal(ours.issuer.commonName, 'Issuer');
  assert.equal(ours.notBeforeMs, Date.parse(engine.validFrom));
  assert.equal(ours.notAfterMs, Date.parse(engine.validTo));
  assert.deepEqual(ours.publicKey, keys.pck.point);
  assert.deepEqual(ours.encoded, encoded);
});

vectors.test('Intel’s certificates read as the engine reads them', () => {
  const chains = new Set(sgxRows().map((row) => chainOf(quoteOf(row))));
  for (const encoded of [...chains].flatMap((chain) => decodeCertificates(chain))) {
    const ours = parseP256Certificate(encoded);
    const engine = new X509Certificate(encoded);
    assert.equal(ours.serialNumber, engine.serialNumber.toLowerCase());
    assert.ok(engine.subject.includes(`CN=${ours.subject.commonName}`));
    assert.equal(ours.notAfterMs, Date.parse(engine.validTo));
  }
});

const algorithm = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const goodParts = {
  version: explicit(0, integer(2)),
  serialNumber: integer(1),
  algorithm,
  issuer: name('Issuer'),
  validity: sequence(time(spec.notBefore), time(spec.notAfter)),
  subject: name('Leaf'),
  key: publicKeyInfo(keys.pck.point),
  extensions: explicit(3, encodeExtensions(spec.extensions)),
};
const build = (change: Partial<typeof goodParts>): Uint8Array =>
  signed(sequence(...Object.values({ ...goodParts, ...change })), keys.root);
const attribute = (...parts: readonly Uint8Array[]): Uint8Array => tlv(0x31, sequence(...parts));
const commonName = attribute(objectIdentifier('2.5.4.3'), text('A'));
const point = concatBytes(Uint8Array.of(4), keys.pck.point);
const keyOf = (type: string, curve: string, bits: Uint8Array): Uint8Array =>
  sequence(sequence(objectIdentifier(type), objectIdentifier(curve)), bits);
const [firstExtension] = spec.extensions;
assert.ok(firstExtension !== undefined);
const ecKey = '1.2.840.10045.2.1';
const p256 = '1.2.840.10045.3.1.7';

const keyAlgorithm = sequence(objectIdentifier(ecKey), objectIdentifier(p256));
const evenPoint = point.map((byte, index) => (index === 64 ? byte & 0xfe : byte));
const extensionsOf = (count: number): Uint8Array =>
  explicit(
    3,
    encodeExtensions(Array.from({ length: count }, (_, index) => ({ id: `1.2.${index}`, value: sequence() }))),
  );

const certificates: readonly (readonly [what: string, change: Partial<typeof goodParts>])[] = [
  ['version 1', { version: new Uint8Array() }],
  ['version 2', { version: explicit(0, integer(1)) }],
  ['a negative serial number', { serialNumber: tlv(0x02, Uint8Array.of(0x80)) }],
  ['a serial number of 21 bytes', { serialNumber: integer(new Uint8Array(21).fill(1)) }],
  ['another signature algorithm', { algorithm: sequence(objectIdentifier('1.2.840.10045.4.3.3')) }],
  ['signature parameters', { algorithm: sequence(objectIdentifier('1.2.840.10045.4.3.2'), tlv(5)) }],
  ['two common names', { subject: sequence(commonName, commonName) }],
  [
    'a name part with two values',
    {
      subject: sequence(
        tlv(0x31, sequence(objectIdentifier('2.5.4.3'), text('A')), sequence(objectIdentifier('2.5.4.10'), text('B'))),
      ),
    },
  ],
  [
    'a name of an unknown string type',
    { subject: sequence(attribute(objectIdentifier('2.5.4.3'), tlv(0x1e, Uint8Array.of(0, 65)))) },
  ],
  ['a third date', { validity: sequence(time(spec.notBefore), time(spec.notAfter), time(spec.notAfter)) }],
  ['another key type', { key: keyOf('1.2.840.113549.1.1.1', p256, bitString(point)) }],
  ['another curve', { key: keyOf(ecKey, '1.3.132.0.34', bitString(point)) }],
  ['something after the version', { version: explicit(0, integer(2), integer(1)) }],
  ['something after the key', { key: sequence(keyAlgorithm, bitString(point), integer(1)) }],
  ['a point of 66 bytes', { key: sequence(keyAlgorithm, bitString(concatBytes(point, Uint8Array.of(0)))) }],
  ['a point that is not whole bytes', { key: sequence(keyAlgorithm, bitString(evenPoint, 1)) }],
  [
    'a name part with a third element',
    { subject: sequence(attribute(objectIdentifier('2.5.4.3'), text('A'), tlv(5))) },
  ],
  ['a name of 257 characters', { subject: sequence(attribute(objectIdentifier('2.5.4.3'), text('A'.repeat(257)))) }],
  [
    'an extension with something after its value',
    { extensions: explicit(3, sequence(sequence(objectIdentifier('1.2.3'), octetString(), integer(1)))) },
  ],
  [
    'something after the list of extensions',
    { extensions: explicit(3, encodeExtensions(spec.extensions), integer(1)) },
  ],
  [
    'more parameters of the key than its curve',
    { key: sequence(sequence(objectIdentifier(ecKey), objectIdentifier(p256), tlv(5)), bitString(point)) },
  ],
  ['a compressed point', { key: keyOf(ecKey, p256, bitString(concatBytes(Uint8Array.of(2), point.subarray(1, 33)))) }],
  ['a hybrid point', { key: keyOf(ecKey, p256, bitString(concatBytes(Uint8Array.of(6), point.subarray(1)))) }],
  ['no extensions', { extensions: new Uint8Array() }],
  ['an empty list of extensions', { extensions: explicit(3, sequence()) }],
  ['an extension twice', { extensions: explicit(3, encodeExtensions([firstExtension, firstExtension])) }],
  [
    'an unknown critical extension',
    { extensions: explicit(3, encodeExtensions([{ id: '1.2.3', critical: true, value: sequence() }])) },
  ],
  [
    'a spelled-out default',
    { extensions: explicit(3, sequence(sequence(objectIdentifier('2.5.29.14'), boolean(false), octetString()))) },
  ],
  [
    'something after the extensions',
    { extensions: concatBytes(explicit(3, encodeExtensions(spec.extensions)), integer(1)) },
  ],
  ['33 extensions', { extensions: extensionsOf(33) }],
];

for (const [what, change] of certificates) {
  test(`a certificate with ${what} is refused`, () => {
    parseP256Certificate(build({}));
    refuses(parseP256Certificate, build(change), what);
  });
}

test('a certificate may have 32 extensions, a name of 256 characters and a serial number of 20 bytes', () => {
  assert.equal(parseP256Certificate(build({ extensions: extensionsOf(32) })).extensions.size, 32);
  const longName = sequence(attribute(objectIdentifier('2.5.4.3'), text('A'.repeat(256))));
  assert.equal(parseP256Certificate(build({ subject: longName })).subject.commonName.length, 256);
  const serialNumber = integer(new Uint8Array(20).fill(1));
  assert.equal(parseP256Certificate(build({ serialNumber })).serialNumber, '01'.repeat(20));
  assert.equal(parseP256Certificate(build({ subject: sequence() })).subject.commonName, '');
});

test('a certificate may have 16 KiB, and no more', () => {
  const ofSize = (padding: number): Uint8Array =>
    sequence(
      sequence(
        ...Object.values({
          ...goodParts,
          extensions: explicit(3, encodeExtensions([{ id: '1.2.3', value: new Uint8Array(padding) }])),
        }),
      ),
      algorithm,
      bitString(sequence(integer(1), integer(1))),
    );
  const padding = 16_384 - (ofSize(16_000).length - 16_000);
  assert.equal(ofSize(padding).length, 16_384);
  assert.equal(parseP256Certificate(ofSize(padding)).encoded.length, 16_384);
  assert.throws(
    () => parseP256Certificate(ofSize(padding + 1)),
    (error) => isEnclosError(error, 'CODEC_OUT_OF_RANGE'),
  );
});

test('a certificate with a malformed outside is refused', () => {
  const body = sequence(...Object.values(goodParts));
  const signature = sequence(integer(1), integer(1));
  const outside = (...parts: readonly Uint8Array[]): Uint8Array => sequence(body, ...parts);
  parseP256Certificate(outside(algorithm, bitString(signature)));
  refuses(parseP256Certificate, concatBytes(makeCertificate(spec), Uint8Array.of(0)), 'a trailing byte');
  refuses(parseP256Certificate, outside(algorithm, bitString(signature), integer(1)), 'a fourth part');
  refuses(
    parseP256Certificate,
    outside(algorithm, bitString(concatBytes(signature, Uint8Array.of(0)))),
    'a longer signature',
  );
  refuses(
    parseP256Certificate,
    outside(algorithm, bitString(concatBytes(signature, Uint8Array.of(0)), 1)),
    'a signature of bits',
  );
  refuses(
    parseP256Certificate,
    outside(algorithm, bitString(sequence(integer(new Uint8Array(33).fill(1)), integer(1)))),
    'r over 32 bytes',
  );
  refuses(
    parseP256Certificate,
    outside(algorithm, bitString(sequence(integer(1), integer(new Uint8Array(33).fill(1))))),
    's over 32 bytes',
  );
  refuses(
    parseP256Certificate,
    outside(algorithm, bitString(sequence(integer(1), integer(1), integer(1)))),
    'a signature of three numbers',
  );
  refuses(
    parseP256Certificate,
    outside(algorithm, bitString(sequence(integer(1), integer(2)), 1)),
    'a signature that lacks its last bit',
  );
  refuses(
    parseP256Certificate,
    outside(sequence(objectIdentifier('1.2.3')), bitString(signature)),
    'another outer algorithm',
  );
  refuses(parseP256Certificate, new Uint8Array(20_000), 'a large input');
  const otherwise = (identifier: Uint8Array): Uint8Array =>
    sequence(sequence(...Object.values({ ...goodParts, algorithm: identifier })), identifier, bitString(signature));
  parseP256Certificate(otherwise(algorithm));
  refuses(parseP256Certificate, otherwise(sequence(objectIdentifier('1.2.840.10045.4.3.3'))), 'another algorithm');
  refuses(
    parseP256Certificate,
    otherwise(sequence(objectIdentifier('1.2.840.10045.4.3.2'), tlv(5))),
    'parameters of the algorithm',
  );
});

const crlSpec: CrlSpec = {
  issuerName: 'Issuer',
  issuerKey: keys.root,
  thisUpdate: new Date('2026-01-01T00:00:00Z'),
  nextUpdate: new Date('2026-02-01T00:00:00Z'),
  revoked: [1, 128, 70_000],
  extensions: [crlNumber],
};

test('a revocation list reads back', () => {
  const crl = parseP256RevocationList(makeCrl(crlSpec));
  assert.deepEqual([...crl.revokedSerialNumbers], ['01', '80', '011170']);
  assert.equal(crl.thisUpdateMs, crlSpec.thisUpdate.getTime());
  assert.equal(crl.nextUpdateMs, crlSpec.nextUpdate.getTime());
  assert.equal(parseP256RevocationList(makeCrl({ ...crlSpec, revoked: [] })).revokedSerialNumbers.size, 0);
});

test('malformed revocation lists are refused', () => {
  const [from, until] = [time(crlSpec.thisUpdate), time(crlSpec.nextUpdate)];
  const tail = explicit(0, encodeExtensions([crlNumber]));
  const entry = sequence(integer(1), from);
  const list = (...parts: readonly Uint8Array[]): Uint8Array => signed(sequence(...parts), keys.root);
  const head = [integer(1), algorithm, name('Issuer'), from];
  parseP256RevocationList(list(...head, until, sequence(entry), tail));
  refuses(parseP256RevocationList, list(algorithm, name('Issuer'), from, until, tail), 'version 1');
  refuses(parseP256RevocationList, list(integer(2), ...head.slice(1), until, tail), 'version 3');
  refuses(parseP256RevocationList, list(...head, tail), 'no next update');
  refuses(parseP256RevocationList, list(...head, until), 'no extensions');
  refuses(parseP256RevocationList, list(...head, until, sequence(), tail), 'an empty list');
  refuses(
    parseP256RevocationList,
    list(...head, until, sequence(sequence(integer(1))), tail),
    'an entry without a date',
  );
  refuses(
    parseP256RevocationList,
    list(...head, until, sequence(sequence(integer(1), from, sequence(), integer(1))), tail),
    'a longer entry',
  );
  const entryOf = (...parts: readonly Uint8Array[]): Uint8Array =>
    list(...head, until, sequence(sequence(...parts)), tail);
  const serial = (length: number): Uint8Array => integer(new Uint8Array(length).fill(1));
  const reason = { id: '2.5.29.21', value: tlv(0x0a, Uint8Array.of(1)) };
  parseP256RevocationList(entryOf(serial(20), from));
  for (const critical of [true, false]) {
    parseP256RevocationList(entryOf(serial(1), from, encodeExtensions([{ ...reason, critical }])));
  }
  refuses(parseP256RevocationList, entryOf(serial(21), from), 'a serial number of 21 bytes');
  refuses(parseP256RevocationList, entryOf(serial(1), from, integer(1)), 'an entry with a number for extensions');
  refuses(
    parseP256RevocationList,
    entryOf(serial(1), from, encodeExtensions([reason]), integer(1)),
    'an entry with something after its extensions',
  );
  refuses(
    parseP256RevocationList,
    list(...head, until, sequence(entry), tail, integer(1)),
    'something after the extensions',
  );
  refuses(
    parseP256RevocationList,
    list(...head, until, sequence(entry), explicit(0, encodeExtensions([crlNumber]), integer(1))),
    'something after the list of extensions',
  );
  const delta = [{ id: '2.5.29.27', critical: true, value: integer(1) }];
  refuses(parseP256RevocationList, makeCrl({ ...crlSpec, extensions: delta }), 'a delta list');
  const indirect = encodeExtensions([{ id: '2.5.29.29', critical: true, value: sequence() }]);
  refuses(
    parseP256RevocationList,
    list(...head, until, sequence(sequence(integer(1), from, indirect)), tail),
    'an indirect entry',
  );
});

test('a revocation list may have 1 MiB, and no more', () => {
  const ofSize = (padding: number): Uint8Array =>
    sequence(
      sequence(
        integer(1),
        algorithm,
        name('Issuer'),
        time(crlSpec.thisUpdate),
        time(crlSpec.nextUpdate),
        explicit(0, encodeExtensions([{ id: '1.2.3', value: new Uint8Array(padding) }])),
      ),
      algorithm,
      bitString(sequence(integer(1), integer(1))),
    );
  const padding = 1_048_576 - (ofSize(1_000_000).length - 1_000_000);
  assert.equal(parseP256RevocationList(ofSize(padding)).revokedSerialNumbers.size, 0);
  assert.throws(
    () => parseP256RevocationList(ofSize(padding + 1)),
    (error) => isEnclosError(error, 'CODEC_OUT_OF_RANGE'),
  );
});

test('SGX extensions that differ from the profile are refused', () => {
  const good = sgxExtension();
  const hex = toHex(good);
  parseSgxExtension(good);
  const replaced = (from: string, to: string): Uint8Array => {
    assert.ok(hex.includes(from), from);
    return fromHex(hex.replace(from, to));
  };
  refuses(parseSgxExtension, replaced('2a864886f84d010d0103', '2a864886f84d010d0109'), 'an unknown entry');
  refuses(parseSgxExtension, replaced('2a864886f84d010d0103', '2a864886f84d010d0104'), 'an entry twice');
  refuses(parseSgxExtension, replaced('2a864886f84d010d01021102', '2a864886f84d010d01021302'), 'an unknown TCB entry');
  refuses(parseSgxExtension, replaced('0a0101', '0a0103'), 'an unknown type');
  refuses(parseSgxExtension, replaced('0101ff', '010101'), 'a boolean that is not canonical');
  refuses(parseSgxExtension, replaced('040600a0b0c0d0e0', '030600a0b0c0d0e0'), 'an FMSPC of another type');
  refuses(parseSgxExtension, sequence(), 'an empty extension');
});

test('PEM is read strictly', () => {
  const one = pem(Uint8Array.of(1, 2, 3));
  assert.deepEqual(decodeCertificates(`${one}${one}\0\0`), [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)]);
  assert.deepEqual(decodeCertificates(one.replaceAll('\n', '\r\n')), [Uint8Array.of(1, 2, 3)]);
  assert.deepEqual(decodeCertificates(`\r\n\n${one}`), [Uint8Array.of(1, 2, 3)]);
  assert.deepEqual(decodeCertificates(pem(Uint8Array.of(0xfb, 0xff, 0xbf, 0xfe))), [
    Uint8Array.of(0xfb, 0xff, 0xbf, 0xfe),
  ]);
  const long = pem(new Uint8Array(21_000));
  assert.equal(decodeCertificates(`${long}${'\n'.repeat(32_768 - long.length)}`).length, 1);
  const bad = [
    '',
    '\0',
    `x${one}`,
    `${one}x`,
    one.replace('AQID', 'AQ*D'),
    one.replace('AQID', 'AQI'),
    one.replace('AQID', 'AQJ='),
    one.replace('AQID', 'AQ==ID=='),
    one.replace('AQID', 'A==='),
    one.replace('AQID', 'AQ=A'),
    `\0${one}`,
    `${one}\0${one}`,
    `${long}${'\n'.repeat(32_769 - long.length)}`,
  ];
  for (const input of [...bad, one.replace('END', 'END '), one.slice(0, 40), `${one}${' '.repeat(40_000)}`]) {
    assert.throws(
      () => decodeCertificates(input),
      (error) => isEnclosError(error),
      input,
    );
  }
});

test('mutated and arbitrary bytes throw nothing but typed errors', () => {
  const inputs = [makeCertificate(spec), makeCrl(crlSpec), sgxExtension()] as const;
  const edits = fc.array(fc.tuple(fc.nat(1_500), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  const mutated = fc.tuple(fc.constantFrom(...inputs), edits, fc.nat(40)).map(([seed, changes, cut]) => {
    const bytes = seed.slice(0, seed.length - (cut > 20 ? cut : 0));
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), (bytes) => {
      for (const parse of [
        parseP256Certificate,
        parseP256RevocationList,
        parseSgxExtension,
        (input: Uint8Array) => decodeCertificates(pem(input).slice(3)),
      ]) {
        try {
          parse(bytes);
        } catch (error) {
          assert.ok(isEnclosError(error), String(error));
        }
      }
    }),
    { numRuns: 1_500 },
  );
});
