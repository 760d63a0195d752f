import { parseRevocationList } from '@enclos/codec/x509';
import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import { AMD_GENOA_ROOT, AMD_MILAN_ROOT, AMD_TURIN_ROOT, amdKeyServiceUrls } from '../../src/index.ts';
import { amdSignatureForm, parseAmdCertificate } from '../../src/snp/certificate.ts';
import { parseAmdExtensions } from '../../src/snp/extensions.ts';
import { decodeTcb, productOfCpuid, productOfName, snpProducts } from '../../src/snp/product.ts';
import { parseSnpReport } from '../../src/snp/report.ts';
import { bitString, integer, objectIdentifier, octetString, sequence, tlv } from '../der-writer.ts';
import { authoritiesOf } from './snp-vectors.ts';
import {
  ecKey,
  keys,
  makeAmdCertificate,
  pssAlgorithm,
  rsaKey,
  vcekExtensions,
  type AmdCertificateSpec,
} from './synthetic-pki.ts';
import { goodCertificates, rootOf } from './synthetic-platform.ts';
import { hardwareId, makeReport } from './synthetic-report.ts';

const spec: AmdCertificateSpec = {
  commonName: 'SEV-VCEK',
  issuerName: 'SEV-Milan',
  serialNumber: 0,
  notBefore: new Date('2025-01-01T00:00:00Z'),
  notAfter: new Date('2055-01-01T00:00:00Z'),
  spki: keys.vcek.spki,
  issuerKey: keys.ask,
  extensions: vcekExtensions(hardwareId),
};

function refuses(change: Partial<AmdCertificateSpec>, what: string): void {
  const encoded = makeAmdCertificate({ ...spec, ...change });
  assert.throws(
    () => parseAmdCertificate(encoded),
    (error) => isEnclosError(error),
    what,
  );
}

test('a certificate reads as the engine reads it', () => {
  for (const encoded of Object.values({ ...goodCertificates, crl: goodCertificates.ark })) {
    const ours = parseAmdCertificate(encoded);
    const engine = new X509Certificate(encoded);
    assert.equal(BigInt(`0x${ours.serialNumber}`), BigInt(`0x${engine.serialNumber}`));
    assert.equal(ours.notAfterMs, Date.parse(engine.validTo));
    assert.deepEqual(ours.publicKey.encoded, new Uint8Array(engine.publicKey.export({ type: 'spki', format: 'der' })));
  }
});

test('a certificate is copied, also from a Buffer', () => {
  const buffer = Buffer.from(goodCertificates.ask);
  const { encoded, signedBytes } = parseAmdCertificate(buffer);
  const before = toHex(signedBytes);
  buffer.fill(0);
  assert.equal(toHex(signedBytes), before);
  assert.deepEqual(encoded, goodCertificates.ask);
});

test('other signature algorithms are refused', () => {
  const sha256 = sequence(objectIdentifier('2.16.840.1.101.3.4.2.1'), tlv(0x05));
  const other: readonly (readonly [what: string, algorithm: Uint8Array])[] = [
    ['PKCS#1', sequence(objectIdentifier('1.2.840.113549.1.1.12'), tlv(0x05))],
    ['a salt of 32 bytes', pssAlgorithm({ saltBytes: 32 })],
    ['default parameters', sequence(objectIdentifier('1.2.840.113549.1.1.10'), sequence())],
    ['another hash', sequence(objectIdentifier('1.2.840.113549.1.1.10'), sequence(tlv(0xa0, sha256)))],
    ['ECDSA', sequence(objectIdentifier('1.2.840.10045.4.3.3'))],
  ];
  for (const [what, algorithm] of other) refuses({ algorithm }, what);
});

test('two different algorithms in one certificate are refused, also when both are known', () => {
  refuses({ outerAlgorithm: pssAlgorithm() }, 'with and without the trailer field');
});

test('a signature of another length is refused', () => {
  refuses({ issuerKey: rsaKey(2048) }, '2048 bits');
});

test('other public keys are refused', () => {
  const point = keys.vcek.spki.subarray(-97);
  const ec = (curve: string, bits: Uint8Array): Uint8Array =>
    sequence(sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier(curve)), bits);
  const rsa = (parameters: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array =>
    sequence(sequence(objectIdentifier('1.2.840.113549.1.1.1'), parameters), bitString(sequence(...parts)));
  const modulus = new Uint8Array(512).fill(0xff);
  const { publicKey: foreign } = generateKeyPairSync('ec', { namedCurve: 'P-521' });
  const p521 = new Uint8Array(foreign.export({ type: 'spki', format: 'der' }));
  const p384 = '1.3.132.0.34';
  const other: readonly (readonly [what: string, spki: Uint8Array])[] = [
    ['P-256', ecKey('P-256').spki],
    ['P-521', p521],
    ['a compressed point', ec(p384, bitString(Uint8Array.of(2, ...point.subarray(1, 49))))],
    ['a short point', ec(p384, bitString(point.subarray(0, 96)))],
    ['a point without its form', ec(p384, bitString(point.with(0, 6)))],
    ['seven unused bits', ec(p384, bitString(point.with(96, 0), 7))],
    ['RSA of 2048 bits', rsaKey(2048).spki],
    ['RSA of 4095 bits', rsa(tlv(0x05), integer(modulus.with(0, 0x7f)), integer(65_537))],
    ['RSA with another exponent', rsa(tlv(0x05), integer(modulus), integer(3))],
    ['RSA with parameters', rsa(tlv(0x05, Uint8Array.of(0)), integer(modulus), integer(65_537))],
    ['RSA with something behind', rsa(tlv(0x05), integer(modulus), integer(65_537), integer(1))],
    ['RSASSA-PSS keys', sequence(sequence(objectIdentifier('1.2.840.113549.1.1.10')), bitString(octetString()))],
  ];
  for (const [what, spki] of other) refuses({ spki }, what);
});

vectors.test('AMD’s authorities read as the engine reads them, and the pinned roots are theirs', () => {
  const pinned = { Milan: AMD_MILAN_ROOT, Genoa: AMD_GENOA_ROOT, Turin: AMD_TURIN_ROOT };
  for (const product of snpProducts) {
    const [ask = new Uint8Array(), ark = new Uint8Array()] = authoritiesOf(product, 'ask');
    const [asvk = new Uint8Array()] = authoritiesOf(product, 'asvk');
    for (const encoded of [ask, asvk, ark]) {
      const ours = parseAmdCertificate(encoded);
      const engine = new X509Certificate(encoded);
      assert.equal(BigInt(`0x${ours.serialNumber}`), BigInt(`0x${engine.serialNumber}`));
      assert.ok(engine.subject.includes(`CN=${ours.subject.commonName}`));
      assert.ok(engine.verify(new X509Certificate(ark).publicKey));
    }
    const { publicKey } = parseAmdCertificate(ark);
    assert.deepEqual(pinned[product], rootOf(publicKey.encoded, product));
    assert.ok(Object.isFrozen(pinned[product]));
  }
});

test('TCBs read back what was written, and refuse what the product reserves', () => {
  const tcb = fc.record({
    bootloader: fc.nat(255),
    tee: fc.nat(255),
    snp: fc.nat(255),
    microcode: fc.nat(255),
    fmc: fc.nat(255),
  });
  fc.assert(
    fc.property(tcb, fc.integer({ min: 1, max: 255 }), fc.constantFrom(2, 3, 4, 5), ({ fmc, ...tcb4 }, byte, at) => {
      const { bootloader, tee, snp, microcode } = tcb4;
      const milan = Uint8Array.of(bootloader, tee, 0, 0, 0, 0, snp, microcode);
      assert.deepEqual(decodeTcb('Milan', milan), tcb4);
      assert.deepEqual(decodeTcb('Genoa', milan), tcb4);
      assert.equal(decodeTcb('Milan', milan.with(at, byte)), undefined);
      const turin = Uint8Array.of(fmc, bootloader, tee, snp, 0, 0, 0, microcode);
      assert.deepEqual(decodeTcb('Turin', turin), { ...tcb4, fmc });
      assert.equal(decodeTcb('Turin', turin.with(4 + (at % 3), byte)), undefined);
    }),
  );
});

test('products by CPUID and by name', () => {
  const byCpuid: readonly (readonly [family: number, model: number, product: string | undefined])[] = [
    [0x19, 0x00, 'Milan'],
    [0x19, 0x0f, 'Milan'],
    [0x19, 0x10, 'Genoa'],
    [0x19, 0x1f, 'Genoa'],
    [0x19, 0x20, undefined],
    [0x19, 0x9f, undefined],
    [0x19, 0xa0, 'Genoa'],
    [0x19, 0xaf, 'Genoa'],
    [0x19, 0xb0, undefined],
    [0x1a, 0x00, 'Turin'],
    [0x1a, 0x11, 'Turin'],
    [0x1a, 0x12, undefined],
    [0x17, 0x01, undefined],
  ];
  for (const [family, model, product] of byCpuid) {
    assert.equal(productOfCpuid({ family, model, stepping: 0 }), product, `${family} ${model}`);
  }
  const byName = {
    'Milan-B0': 'Milan',
    Milan: 'Milan',
    'Siena-A1': 'Genoa',
    Turin: 'Turin',
    milan: undefined,
    '': undefined,
  };
  for (const [name, product] of Object.entries(byName)) assert.equal(productOfName(name), product, name);
});

test('where the key service has the endorsements', () => {
  const report = makeReport();
  const base = 'https://kdsintf.amd.com/vcek/v1';
  const query = `${hardwareId}?blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=217`;
  assert.equal(amdKeyServiceUrls(report).signingKeyCertificate, `${base}/Milan/${query}`);
  const old = makeReport({ version: 2 });
  assert.equal(amdKeyServiceUrls(old, 'Genoa').signingKeyCertificate, `${base}/Genoa/${query}`);
  assert.equal(amdKeyServiceUrls(makeReport({ chipId: '00'.repeat(64) })).signingKeyCertificate, undefined);
  const isMisuse = (error: unknown): boolean => isEnclosError(error, 'VERIFIER_MISUSED');
  assert.throws(() => amdKeyServiceUrls(old), isMisuse);
  assert.throws(() => amdKeyServiceUrls(makeReport({ cpuid: [0x17, 1, 1] })), isMisuse);
  assert.throws(() => amdKeyServiceUrls(report.subarray(1)), isMisuse);
  assert.throws(() => amdKeyServiceUrls(makeReport({ reported: 'ff'.repeat(8) })), isMisuse);
});

/** Any input gives a value or a CODEC error. */
function isTotal(parse: (bytes: Uint8Array) => unknown): (bytes: Uint8Array) => void {
  return (bytes) => {
    try {
      parse(bytes);
    } catch (error) {
      assert.ok(isEnclosError(error) && error.code.startsWith('CODEC_'), String(error));
    }
  };
}

/** A good value with some bytes exchanged. */
function mutations(good: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const bytes = good.slice();
    for (const [at, byte] of changes) bytes[at] = byte;
    return bytes;
  });
}

test('parsers refuse any malformed bytes with a typed error', () => {
  const report = isTotal(parseSnpReport);
  const certificate = isTotal((bytes) => parseAmdExtensions(parseAmdCertificate(bytes).extensions, 'VCEK'));
  const list = isTotal((bytes) => parseRevocationList(bytes, amdSignatureForm));
  fc.assert(fc.property(mutations(makeReport({ version: 5 })), report), { numRuns: 500 });
  fc.assert(fc.property(mutations(goodCertificates.leaf), certificate), { numRuns: 500 });
  fc.assert(fc.property(mutations(goodCertificates.crl), list), { numRuns: 500 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1400 }), certificate));
  fc.assert(fc.property(fc.uint8Array({ minLength: 1184, maxLength: 1184 }), report));
});

test('a report that parses is exactly its fields', () => {
  const report = makeReport();
  const { signature, signedBytes } = parseSnpReport(report);
  assert.deepEqual(signedBytes, report.subarray(0, 0x2a0));
  assert.deepEqual(signature.slice(0, 48).reverse(), report.slice(0x2a0, 0x2a0 + 48));
  assert.deepEqual(signature.slice(48).reverse(), report.slice(0x2a0 + 72, 0x2a0 + 120));
});

test('extensions of the wrong kind of key are refused', () => {
  const { extensions } = parseAmdCertificate(goodCertificates.leaf);
  assert.equal(parseAmdExtensions(extensions, 'VCEK').product, 'Milan');
  assert.throws(
    () => parseAmdExtensions(extensions, 'VLEK'),
    (error) => isEnclosError(error, 'CODEC_INVALID'),
  );
  assert.deepEqual(fromHex(hardwareId).length, 64);
});
