import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  concatBytes,
  equalBytes,
  fromBase64,
  fromBase64url,
  fromHex,
  isZero,
  toBase64,
  toBase64url,
  toHex,
  utf8,
} from '../src/index.ts';
import { fuzz } from '../fuzz/text.fuzz.ts';

const invalid = (error: unknown): boolean => isEnclosError(error, 'CODEC_INVALID');

test('base64 reads back and agrees with Buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'));
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    }),
  );
});

test('base64 is padded, of its own alphabet, and has one spelling', () => {
  assert.deepEqual(fromBase64('/+8='), Uint8Array.of(0xff, 0xef));
  assert.deepEqual(fromBase64('AAAA'), new Uint8Array(3));
  for (const text of ['/+8', '_-8=', 'AA', '/+9=', 'AA=A', 'AAA==', ' AAA', 'AAA\n']) {
    assert.throws(() => fromBase64(text), { name: 'EnclosError' }, text);
  }
});

test('hex and base64url read back and agree with Buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      assert.equal(toHex(bytes), Buffer.from(bytes).toString('hex'));
      assert.equal(toBase64url(bytes), Buffer.from(bytes).toString('base64url'));
      assert.deepEqual(fromHex(toHex(bytes)), bytes);
      assert.deepEqual(fromHex(toHex(bytes).toUpperCase()), bytes);
      assert.deepEqual(fromBase64url(toBase64url(bytes)), bytes);
    }),
  );
});

test('text that is not hex is refused', () => {
  for (const text of ['a', 'abc', 'gg', '0x00', ' 00', '00\n', 'ａａ']) {
    assert.throws(() => fromHex(text), invalid, text);
  }
});

test('base64url with padding, another alphabet, a lone character or trailing bits is refused', () => {
  for (const text of ['AA==', 'AA=', 'A+8A', 'A/8A', 'A', 'AAAAA', 'AB', 'AAB', 'A A', 'AA\n']) {
    assert.throws(() => fromBase64url(text), invalid, text);
  }
});

test('a character outside the base64url alphabet is refused wherever it stands', () => {
  for (const valid of ['AAAA', 'AAAAAA', 'AAAAAAA']) {
    for (let at = 0; at < valid.length; at++) {
      for (const other of ['+', '/', '=', '@', '\0', '\u007f', '\u0080', 'Ł', '\ud800']) {
        const text = valid.slice(0, at) + other + valid.slice(at + 1);
        assert.throws(() => fromBase64url(text), invalid, JSON.stringify(text));
      }
    }
  }
});

test('base64url over the given size is refused before it is decoded', () => {
  const tooLong = (error: unknown): boolean => isEnclosError(error, 'CODEC_OUT_OF_RANGE');
  for (const sizeBytes of [1, 2, 3, 4, 100]) {
    const text = toBase64url(new Uint8Array(sizeBytes));
    assert.equal(fromBase64url(text, { maxBytes: sizeBytes }).length, sizeBytes);
    assert.throws(() => fromBase64url(text, { maxBytes: sizeBytes - 1 }), tooLong);
  }
  assert.throws(() => fromBase64url('!'.repeat(1_000), { maxBytes: 8 }), tooLong);
  assert.deepEqual(fromBase64url('', { maxBytes: 0 }), new Uint8Array());
});

test('arbitrary text has at most one meaning', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => fuzz(bytes)),
    { numRuns: 1_000 },
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (text) => fuzz(utf8(text))),
    { numRuns: 1_000 },
  );
});

test('equal, zero and concatenated bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }), (a, b) => {
      assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0);
      assert.ok(equalBytes(a, a.slice()));
      assert.deepEqual(concatBytes(a, b), new Uint8Array(Buffer.concat([a, b])));
      assert.equal(isZero(a), toHex(a).replaceAll('0', '') === '');
    }),
  );
  assert.deepEqual(concatBytes(), new Uint8Array());
  assert.deepEqual(utf8('é'), Uint8Array.of(0xc3, 0xa9));
});

test('hex is the same with and without the encoder of Node', async () => {
  const { Buffer: native } = globalThis;
  Reflect.deleteProperty(globalThis, 'Buffer');
  try {
    // Another instance of the module, as a browser has it.
    const path = '../src/text-forms.js?without-buffer';
    const { toHex: toHexInBrowsers } = (await import(path)) as { readonly toHex: typeof toHex };
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    assert.equal(Reflect.has(globalThis, 'Buffer'), false);
    assert.equal(toHexInBrowsers(all.subarray(3)), toHex(all.subarray(3)));
    assert.equal(toHexInBrowsers(all).slice(0, 36), '000102030405060708090a0b0c0d0e0f1011');
  } finally {
    globalThis.Buffer = native;
  }
});
