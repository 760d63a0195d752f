import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { utf8 } from '../src/index.ts';
import { decodeLatin1, decodeUtf8, withoutByteOrderMark, withoutTrailingNuls } from '../src/text.ts';

test('text is decoded as it was encoded, with a byte order mark until that is dropped', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => assert.equal(decodeUtf8(utf8(text)), text)),
  );
  // Of the decoders that this one replaced, some dropped the mark, so that two inputs had one text.
  const marked = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61);
  assert.equal(decodeUtf8(marked), '\uFEFFa');
  assert.equal(withoutByteOrderMark(decodeUtf8(marked)), 'a');
  assert.equal(withoutByteOrderMark('a\uFEFF'), 'a\uFEFF');
});

test('bytes that are not UTF-8 are refused, and nothing is replaced', () => {
  for (const bytes of [
    [0x80],
    [0xc0, 0x80],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0x61, 0xff],
  ]) {
    assert.throws(
      () => decodeUtf8(Uint8Array.from(bytes)),
      (error) => isEnclosError(error, 'CODEC_INVALID'),
    );
  }
});

test('only what is after the last other character goes', () => {
  for (const [text, expected] of [
    ['', ''],
    ['a', 'a'],
    ['a\0\0', 'a'],
    ['\0a\0b\0', '\0a\0b'],
    ['\0\0\0', ''],
  ] as const) {
    assert.equal(withoutTrailingNuls(text), expected);
  }
});

test('it agrees with the regular expression that it stands for', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('\0', 'a', '\n'), maxLength: 40 }), (text) => {
      assert.equal(withoutTrailingNuls(text), text.replace(/\0+$/, ''));
    }),
  );
});

test('a megabyte of them before another character is no more work than any megabyte', { timeout: 20_000 }, () => {
  const text = `${'\0'.repeat(1_048_576)}x`;
  assert.equal(withoutTrailingNuls(text), text);
});

test('each byte is the character of its number, in texts of any length', () => {
  for (const length of [0, 1, 256, 4095, 4096, 4097, 10_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => index);
    assert.equal(decodeLatin1(bytes), Buffer.from(bytes).toString('latin1'));
  }
});
