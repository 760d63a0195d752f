import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { decodeText, decodeThrow, encodeText, encodeThrow } from '../src/messages.ts';
import { hasCode } from './harness.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const letters = (length: number): Uint8Array => new Uint8Array(length).fill(65);

test('a registered code comes back as itself, marked remote', () => {
  const error = decodeThrow(encodeThrow({ code: 'GATE_BUSY', message: 'später' }));
  assert.equal(error.code, 'GATE_BUSY');
  assert.equal(error.message, 'später');
  assert.deepEqual(error.details, { remote: true });
});

test('an unknown code comes back as GATE_REMOTE_ERROR with the code', () => {
  const error = decodeThrow(encodeThrow({ code: 'MY_OWN_CODE', message: 'x' }));
  assert.equal(error.code, 'GATE_REMOTE_ERROR');
  assert.deepEqual(error.details, { remote: true, remoteCode: 'MY_OWN_CODE' });
});

test('names of Object.prototype are no codes', () => {
  assert.throws(() => decodeThrow(Uint8Array.of(11, 0, ...bytesOf('constructor'))), hasCode('GATE_PROTOCOL_VIOLATION'));
});

test('an empty message becomes the summary of the code', () => {
  assert.match(decodeThrow(encodeThrow({ code: 'GATE_BUSY', message: '' })).message, /waiting/);
});

test('what is no code crosses as GATE_REMOTE_ERROR', () => {
  for (const code of ['', 'lower', 'A'.repeat(65), 'Ä', 'A B']) {
    assert.equal(decodeThrow(encodeThrow({ code, message: 'x' })).code, 'GATE_REMOTE_ERROR');
  }
});

test('a message is cut at 4096 bytes between characters', () => {
  const { message } = decodeThrow(encodeThrow({ code: 'GATE_BUSY', message: 'ä'.repeat(5000) + 'x' }));
  assert.equal(message, 'ä'.repeat(2048));
});

test('malformed errors are violations', () => {
  for (const payload of [
    [],
    [1],
    [0, 0],
    [2, 0, 65],
    [65, 0, ...letters(65)],
    [1, 0, 97],
    [1, 0, 65, 0xff],
    [1, 0, 65, ...letters(4097)],
    [0, 1, ...letters(256)],
  ]) {
    assert.throws(() => decodeThrow(Uint8Array.from(payload)), hasCode('GATE_PROTOCOL_VIOLATION'));
  }
});

test('arbitrary bytes as an error: an error value or a violation', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (payload) => {
      try {
        assert.ok(isEnclosError(decodeThrow(payload)));
      } catch (error) {
        assert.ok(isEnclosError(error, 'GATE_PROTOCOL_VIOLATION'));
      }
    }),
  );
});

test('errors survive the round trip', () => {
  const code = fc.stringMatching(/^[A-Z0-9_]{1,64}$/);
  fc.assert(
    fc.property(code, fc.stringMatching(/^[ -~]{1,80}$/), (known, message) => {
      const error = decodeThrow(encodeThrow({ code: known, message }));
      assert.equal(error.message, message);
      assert.equal(error.details.remoteCode ?? error.code, known);
    }),
  );
});

test('control and direction characters are replaced, line breaks and tabs kept', () => {
  assert.equal(decodeText(bytesOf('a\n\tb')), 'a\n\tb');
  const unsafe = ['\0', '\u0007', '\b', '\r', '\u001b', '\u007f', '\u009b', '\u202e', '\u2066', '\u200f', '\u2028'];
  for (const character of unsafe) assert.equal(decodeText(bytesOf(`a${character}b`)), 'a\ufffdb');
});

test('text that is not UTF-8 is a violation', () => {
  assert.throws(() => decodeText(Uint8Array.of(0xc3)), hasCode('GATE_PROTOCOL_VIOLATION'));
});

test('encodeText cuts between characters and replaces lone surrogates', () => {
  assert.deepEqual(encodeText('a€', 3), bytesOf('a'));
  assert.deepEqual(encodeText('\ud800', 10), bytesOf('\ufffd'));
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(50), (text, maxBytes) => {
      const encoded = encodeText(text, maxBytes);
      assert.ok(encoded.length <= maxBytes);
      decodeText(encoded);
    }),
  );
});
