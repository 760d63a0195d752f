import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { ByteReader, concatBytes } from '@enclos/codec';
import {
  encodeQuote,
  encodeSgxReport,
  encodeTdReport10,
  encodeTdReport15,
  encodeTdReport15Ex,
  exampleSgxReport,
  exampleTdReport,
  flipped,
  intelQeVendorId,
  keyRing,
  pckIdentifier,
  publicKeyInfo,
  quoteSignedBytes,
  signQuote,
  type KeyPair,
  type QuoteContent,
} from '../src/index.ts';

const ring = keyRing('quote test');
const [attestationKey, pckKey] = [ring.key('attestation'), ring.key('pck')];

function content(version: number, body: Uint8Array, type?: number): QuoteContent {
  return {
    header: {
      version,
      attestationKeyType: 2,
      teeType: type === 1 || version === 3 ? 0 : 0x81,
      qeSvn: 0x0102,
      pceSvn: 0x0304,
      qeVendorId: intelQeVendorId,
      userData: new Uint8Array(20).fill(8),
    },
    descriptor: type === undefined ? undefined : { type, sizeBytes: body.length },
    body,
    attestationKey,
    pckKey,
    qeReport: exampleSgxReport,
    qeAuthData: Uint8Array.of(1, 2, 3),
    certification: { type: 5, data: Uint8Array.of(9, 9) },
  };
}

function holds(key: KeyPair, signature: Uint8Array, data: Uint8Array): boolean {
  const publicKey = createPublicKey({ key: Buffer.from(publicKeyInfo(key)), format: 'der', type: 'spki' });
  return verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

test('report bodies have their sizes and offsets', () => {
  const sgx = encodeSgxReport(exampleSgxReport);
  assert.equal(sgx.length, 384);
  assert.deepEqual([sgx[16], sgx[48], sgx[56], sgx[64], sgx[128], sgx[256], sgx[258]], [0, 5, 3, 0xee, 0x51, 7, 4]);
  assert.deepEqual([sgx[31], sgx[32], sgx[96], sgx[192], sgx[260], sgx[304], sgx[320]], [0, 0x11, 0, 0x12, 6, 0x13, 9]);
  const ten = encodeTdReport10(exampleTdReport);
  assert.equal(ten.length, 584);
  assert.deepEqual([ten[0], ten[16], ten[64], ten[123], ten[128], ten[136]], [5, 0x5e, 0, 0x10, 0xe7, 0xd0]);
  assert.deepEqual(
    [184, 232, 280, 328, 376, 424, 472, 520].map((at) => ten[at]),
    [0xc0, 0xc1, 0xc2, 0xa0, 0xa1, 0xa2, 0xa3, 9],
  );
  const fifteen = encodeTdReport15(exampleTdReport);
  assert.equal(fifteen.length, 648);
  assert.deepEqual([fifteen[584], fifteen[600]], [5, 0]);
  const extended = encodeTdReport15Ex(exampleTdReport);
  assert.equal(extended.length, 885);
  assert.deepEqual(
    [648, 649, 681, 729, 777, 785, 801, 817, 829, 877].map((at) => extended[at]),
    [1, 0x1d, 0xde, 0xb0, 1, 2, 1, 0xf0, 0xb1, 2],
  );
});

const bodies = [
  ['v3', content(3, encodeSgxReport(exampleSgxReport)), 432],
  ['v4 TDX', content(4, encodeTdReport10(exampleTdReport)), 632],
  ['v5 SGX', content(5, encodeSgxReport(exampleSgxReport), 1), 438],
  ['v5 TD 1.0', content(5, encodeTdReport10(exampleTdReport), 2), 638],
  ['v5 TD 1.5', content(5, encodeTdReport15(exampleTdReport), 3), 702],
  ['v5 TD 1.5 extended', content(5, encodeTdReport15Ex(exampleTdReport), 4), 939],
] as const;

for (const [name, given, signedLength] of bodies) {
  test(`a quote ${name} has the layout and the signatures of its version`, () => {
    const parts = signQuote(given);
    const quote = encodeQuote(parts);
    const reader = new ByteReader(quote);
    const signed = reader.bytes(signedLength);
    assert.deepEqual(signed, quoteSignedBytes(given));
    assert.equal(reader.u32(), reader.remaining);
    const signature = reader.bytes(64);
    assert.ok(holds(attestationKey, signature, signed));
    const key = reader.bytes(64);
    assert.deepEqual(key, attestationKey.point);
    if (given.header.version !== 3) {
      assert.equal(reader.u16(), 6);
      assert.equal(reader.u32(), reader.remaining);
    }
    const qeReport = reader.bytes(384);
    assert.ok(holds(pckKey, reader.bytes(64), qeReport));
    const qeAuthData = reader.bytes(reader.u16());
    assert.deepEqual(qeAuthData, Uint8Array.of(1, 2, 3));
    const digest = createHash('sha256').update(concatBytes(key, qeAuthData)).digest();
    assert.deepEqual(qeReport.subarray(320, 352), new Uint8Array(digest));
    assert.deepEqual(qeReport.subarray(352), new Uint8Array(32));
    assert.equal(reader.u16(), 5);
    assert.deepEqual(reader.bytes(reader.u32()), Uint8Array.of(9, 9));
    reader.end();
  });
}

test('sizes can lie, and bytes can follow inside and after', () => {
  const good = signQuote(content(4, encodeTdReport10(exampleTdReport)));
  const plain = encodeQuote(good);
  const at = (offset: number, bytes: Uint8Array): number => new DataView(bytes.buffer).getUint32(offset, true);
  assert.equal(at(632, encodeQuote({ ...good, authDataSize: 7 })), 7);
  assert.equal(at(632 + 4 + 128 + 2, encodeQuote({ ...good, outerSize: 8 })), 8);
  assert.equal(encodeQuote({ ...good, outerType: 5 })[632 + 4 + 128], 5);
  const certification = 632 + 4 + 128 + 6 + 384 + 64 + 2 + 3;
  assert.equal(at(certification + 2, encodeQuote({ ...good, certificationSize: 11 })), 11);
  assert.equal(encodeQuote({ ...good, qeAuthDataSize: 0x0201 })[certification - 5], 1);
  assert.equal(encodeQuote({ ...good, trailing: new Uint8Array(70) }).length, plain.length + 70);
  assert.equal(at(632, encodeQuote({ ...good, innerTrailing: new Uint8Array(5) })), at(632, plain) + 5);
});

test('a flip changes one bit of one byte', () => {
  assert.deepEqual(flipped(Uint8Array.of(1, 2, 3)), Uint8Array.of(0, 2, 3));
  assert.deepEqual(flipped(Uint8Array.of(1, 2, 3), -1), Uint8Array.of(1, 2, 2));
});

test('an identifier of the PCK has the length of its type', () => {
  const parts = { ppid: new Uint8Array(16), cpuSvn: new Uint8Array(16), pceSvn: 1, pceId: new Uint8Array(2) };
  const sizes = ([1, 2, 3] as const).map((type) => pckIdentifier(type, parts).data.length);
  assert.deepEqual(sizes, [16 + 20, 256 + 20, 384 + 20]);
});
