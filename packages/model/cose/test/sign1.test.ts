import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { cborArray, cborBytes, cborInteger, cborNull, cborTag, cborText, fromHex, toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  coseProtectedHeader,
  coseSigningInput,
  readCoseSign1,
  writeCoseSign1,
  type CoseHeaderContent,
} from '../src/index.ts';
import { ecdsaExample, edwardsExample } from './vectors.ts';

const bounds = { maxBytes: 65_536 };
const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');
const broken = (rule: string) => (error: unknown) =>
  isEnclosError(error) && error.code.startsWith('CODEC_') && error.details['rule'] === rule;
const refused = (hex: string, rule: string): void => {
  assert.throws(() => readCoseSign1(fromHex(hex), bounds), broken(rule));
};
const zeros = '00'.repeat(64);
/** A message from its four parts, in hex. */
const message = (header: string, unprotected = 'a0', payload = '4101', signature = `5840${zeros}`): string =>
  `d284${toHex(cborBytes(fromHex(header)))}${unprotected}${payload}${signature}`;

test('the ECDSA message of RFC 9052 appendix C.2.1 reads as what it is, and its signature holds', () => {
  const read = readCoseSign1(ecdsaExample.message, bounds);
  assert.equal(read.algorithm, 'ES256');
  assert.deepEqual(read.kid, utf8('11'));
  assert.deepEqual(read.payload, utf8('This is the content.'));
  const jwk = { kty: 'EC', crv: 'P-256', x: base64url(ecdsaExample.x), y: base64url(ecdsaExample.y) };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const input = coseSigningInput(read);
  assert.ok(verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, read.signature));
  const elsewhere = coseSigningInput(read, { externalData: utf8('other') });
  assert.ok(!verify('sha256', elsewhere, { key, dsaEncoding: 'ieee-p1363' }, read.signature));
});

test('a message under EdDSA by the first key of RFC 8032 reads as what it is, and its signature holds', () => {
  const read = readCoseSign1(edwardsExample.message, bounds);
  assert.equal(read.algorithm, 'EdDSA');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64url(edwardsExample.x) }, format: 'jwk' });
  assert.ok(verify(null, coseSigningInput(read), key, read.signature));
});

test('what is written reads back, and is written the same again', () => {
  const label = fc.oneof(fc.integer({ min: 100, max: 1_000_000 }), fc.string({ maxLength: 20 }));
  const value = fc.oneof(fc.integer().map(cborInteger), fc.string({ maxLength: 20 }).map(cborText));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
      fc.option(fc.oneof(fc.string({ maxLength: 20 }), fc.nat({ max: 65_535 })), { nil: undefined }),
      fc.uniqueArray(fc.tuple(label, value), { selector: ([each]) => each, maxLength: 5 }),
      (payload, kid, contentType, others) => {
        const content: CoseHeaderContent = {
          algorithm: 'ES384',
          others: new Map(others),
          ...(kid === undefined ? {} : { kid }),
          ...(contentType === undefined ? {} : { contentType }),
        };
        const protectedBytes = coseProtectedHeader(content);
        const signature = new Uint8Array(96).fill(7);
        const bytes = writeCoseSign1({ protectedBytes, payload, signature });
        const read = readCoseSign1(bytes, bounds);
        assert.deepEqual([read.algorithm, read.kid, read.contentType], ['ES384', kid, contentType]);
        assert.deepEqual(read.payload, payload);
        for (const [name, encoded] of others) assert.deepEqual(read.protected.get(name), encoded);
        const { unprotected } = read;
        assert.deepEqual(writeCoseSign1({ protectedBytes, unprotected, payload, signature: read.signature }), bytes);
      },
    ),
  );
});

test('a payload that travels elsewhere is signed as one inside is, and stands in one place', () => {
  const protectedBytes = coseProtectedHeader({ algorithm: 'ES256' });
  const signature = new Uint8Array(64);
  const payload = utf8('content');
  const inside = readCoseSign1(writeCoseSign1({ protectedBytes, payload, signature }), bounds);
  const beside = readCoseSign1(writeCoseSign1({ protectedBytes, signature }), bounds);
  assert.equal(beside.payload, undefined);
  assert.deepEqual(coseSigningInput(beside, { detachedPayload: payload }), coseSigningInput(inside));
  assert.throws(() => coseSigningInput(beside), broken('payload'));
  assert.throws(() => coseSigningInput(inside, { detachedPayload: payload }), broken('payload'));
});

test('a message over the bound is refused before it is read', () => {
  assert.throws(() => readCoseSign1(ecdsaExample.message, { maxBytes: 97 }), broken('size'));
  assert.equal(readCoseSign1(ecdsaExample.message, { maxBytes: 98 }).algorithm, 'ES256');
});

test('each algorithm has its number and the length of its signatures', () => {
  const algorithms = [
    ['ES256', '26', 64],
    ['EdDSA', '27', 64],
    ['ES384', '3822', 96],
    ['ES512', '3823', 132],
  ] as const;
  for (const [algorithm, value, length] of algorithms) {
    const header = `a101${value}`;
    assert.equal(toHex(coseProtectedHeader({ algorithm })), header);
    const of = (bytes: number): string => message(header, 'a0', '4101', toHex(cborBytes(new Uint8Array(bytes))));
    assert.equal(readCoseSign1(fromHex(of(length)), bounds).algorithm, algorithm);
    refused(of(length - 1), 'signature');
    refused(of(length + 1), length === 132 ? 'form' : 'signature');
  }
});

test('what a message does not have is not there', () => {
  const read = readCoseSign1(fromHex(message('a10126', 'a0', 'f6')), bounds);
  assert.deepEqual(Object.keys(read).toSorted(), [
    'algorithm',
    'protected',
    'protectedBytes',
    'signature',
    'unprotected',
  ]);
});

test('headers are bounded in bytes, parameters, labels and the values that are read', () => {
  type Others = readonly (readonly [number | string, Uint8Array])[];
  const read = (content: Omit<CoseHeaderContent, 'algorithm' | 'others'>, others: Others = []): unknown => {
    const protectedBytes = coseProtectedHeader({ algorithm: 'ES256', ...content, others: new Map(others) });
    return readCoseSign1(writeCoseSign1({ protectedBytes, signature: new Uint8Array(64) }), bounds);
  };
  const bytes = (length: number): Uint8Array => cborBytes(new Uint8Array(length));
  // Five bytes are the map, the algorithm and the label; three more the head of the value.
  const ofBytes = (length: number): Others => [[5, bytes(length - 7)]];
  const parameters = (count: number): Others =>
    Array.from({ length: count - 1 }, (_, index) => [100 + index, cborNull()] as const);
  const text = (length: number): string => 't'.repeat(length);
  for (const [rule, limit, make] of [
    ['form', 32_768, (length) => read({}, ofBytes(length))],
    ['form', 64, (count) => read({}, parameters(count))],
    ['form', 256, (length) => read({}, [[text(length), cborNull()]])],
    ['kid', 512, (length) => read({ kid: new Uint8Array(length) })],
    ['content-type', 256, (length) => read({ contentType: text(length) })],
    ['content-type', 65_535, (value) => read({ contentType: value })],
  ] as readonly (readonly [string, number, (amount: number) => unknown])[]) {
    make(limit);
    assert.throws(() => make(limit + 1), broken(rule), rule);
  }
});

test('another tag, another number of parts, what follows and other types are refused', () => {
  const good = message('a10126');
  readCoseSign1(fromHex(good), bounds);
  refused(good.slice(2), 'form');
  refused(`d3${good.slice(2)}`, 'form');
  refused(`d283${good.slice(4)}`, 'form');
  refused(`${good}00`, 'form');
  refused(good.slice(0, -2), 'form');
  refused(message('a1012600'), 'form');
  refused(message('a10126', 'a0', '01'), 'form');
  refused(message('a10126', 'a0', 'f5'), 'form');
  refused(message('a1f626'), 'form');
  const noHeader = cborTag(18, cborArray(cborBytes(new Uint8Array()), fromHex('a0'), cborNull(), cborNull()));
  assert.throws(() => readCoseSign1(noHeader, bounds), broken('form'));
});

test('an algorithm that is missing, unknown or not protected is refused', () => {
  refused(message('a0'), 'algorithm');
  refused(message('a1012a'), 'algorithm');
  refused(message('a10100'), 'algorithm');
  refused(message('a101654553323536'), 'algorithm');
  refused(message('a0', 'a10126'), 'algorithm');
  refused(message('a10126', 'a1021820'), 'critical-header');
});

test('a label that stands twice is refused, in one header and in both', () => {
  refused(message('a201260126'), 'duplicate-label');
  refused(message('a10126', 'a2044101044102'), 'duplicate-label');
  refused(message('a20126044101', 'a1044102'), 'duplicate-label');
});

test('critical parameters must be known to the caller, protected and present', () => {
  // {1: -7, 2: [100], 100: 1}
  const critical = message('a3012602811864186401');
  refused(critical, 'critical-header');
  assert.equal(readCoseSign1(fromHex(critical), { ...bounds, understood: [100] }).algorithm, 'ES256');
  const absent = fromHex(message('a2012602811864'));
  assert.throws(() => readCoseSign1(absent, { ...bounds, understood: [100] }), broken('critical-header'));
  refused(message('a201260280'), 'critical-header');
  refused(message('a201260201'), 'critical-header');
  refused(message('a10126', 'a102811864'), 'critical-header');
});

test('a signature of another length, a kid that is not bytes and a content type that is neither are refused', () => {
  refused(message('a10126', 'a0', '4101', `583f${'00'.repeat(63)}`), 'signature');
  refused(message('a1013822'), 'signature');
  refused(message('a10126', 'a1046131'), 'kid');
  refused(message('a20126034101'), 'content-type');
  refused(message('a10126', 'a10301'), 'critical-header');
});
