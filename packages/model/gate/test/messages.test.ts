import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declaredErrors, isEnclosError, isErrorCode, type ErrorCode } from '@enclos/errors';
import fc from 'fast-check';
import { acceptedErrors, decodeLogLine, decodeText, decodeThrow, encodeText, encodeThrow } from '../src/messages.ts';
import { hasCode, thrown } from './harness.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const letters = (length: number): Uint8Array => new Uint8Array(length).fill(65);

test('a registered code comes back as itself, marked remote', () => {
  const error = thrown(encodeThrow({ code: 'GATE_BUSY', message: 'später' }));
  assert.equal(error.code, 'GATE_BUSY');
  assert.equal(error.message, 'später');
  assert.deepEqual(error.details, { remote: true });
});

test('an unknown code comes back as GATE_REMOTE_ERROR with the code', () => {
  const error = thrown(encodeThrow({ code: 'MY_OWN_CODE', message: 'x' }));
  assert.equal(error.code, 'GATE_REMOTE_ERROR');
  assert.deepEqual(error.details, { remote: true, remoteCode: 'MY_OWN_CODE' });
});

test('a registered code that this peer may not raise comes back as GATE_REMOTE_ERROR, of kind refused', () => {
  for (const code of ['SEAL_NOT_OPENED', 'EVIDENCE_REFUSED', 'ENCLAVE_LOST', 'GATE_REMOTE_ERROR']) {
    const error = thrown(encodeThrow({ code, message: 'x' }));
    assert.deepEqual([error.code, error.kind, error.message], ['GATE_REMOTE_ERROR', 'refused', 'x']);
    assert.deepEqual(error.details, { remote: true, remoteCode: code });
  }
});

test('no code of kind lost is accepted, even from a peer that may raise every other one', () => {
  const codes = [...declaredErrors.keys()].filter(isErrorCode);
  assert.ok(codes.length > 10);
  const accepted = acceptedErrors(codes);
  for (const code of codes) {
    const error = decodeThrow(encodeThrow({ code, message: '' }), accepted);
    assert.equal(error.code, declaredErrors.get(code)?.kind === 'lost' ? 'GATE_REMOTE_ERROR' : code);
    assert.notEqual(error.kind, 'lost');
  }
});

test('a code that no loaded package declares is not accepted, even from a peer that may raise it', () => {
  const code: string = 'PAINT_EMPTY';
  const accepted = acceptedErrors([code as ErrorCode, 'GATE_BUSY']);
  assert.deepEqual([...accepted], ['GATE_BUSY']);
  const error = decodeThrow(encodeThrow({ code, message: 'x' }), accepted);
  assert.deepEqual([error.code, error.details['remoteCode']], ['GATE_REMOTE_ERROR', code]);
});

test('names of Object.prototype are no codes', () => {
  assert.throws(() => thrown(Uint8Array.of(11, 0, ...bytesOf('constructor'))), hasCode('GATE_PROTOCOL_VIOLATION'));
});

test('an empty message becomes the summary of the code', () => {
  assert.match(thrown(encodeThrow({ code: 'GATE_BUSY', message: '' })).message, /waiting/);
});

test('what is no code crosses as GATE_REMOTE_ERROR', () => {
  for (const code of ['', 'lower', 'A'.repeat(65), 'Ä', 'A B']) {
    assert.equal(thrown(encodeThrow({ code, message: 'x' })).code, 'GATE_REMOTE_ERROR');
  }
});

test('a message is cut at 4096 bytes between characters', () => {
  const { message } = thrown(encodeThrow({ code: 'GATE_BUSY', message: 'ä'.repeat(5000) + 'x' }));
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
    assert.throws(() => thrown(Uint8Array.from(payload)), hasCode('GATE_PROTOCOL_VIOLATION'));
  }
});

test('arbitrary bytes as an error: an error value or a violation', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (payload) => {
      try {
        assert.ok(isEnclosError(thrown(payload)));
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
      const error = thrown(encodeThrow({ code: known, message }));
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

test('a log line stays one line: line breaks and tabs are replaced too', () => {
  assert.equal(decodeLogLine(bytesOf('a\tb\u001b')), 'a b\ufffd');
  for (const lineBreak of ['\n', '\r\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029']) {
    assert.equal(decodeLogLine(bytesOf(`a${lineBreak}b`)), 'a\u23ceb');
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      assert.doesNotMatch(decodeLogLine(bytesOf(text)), /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
    }),
  );
  assert.throws(() => decodeLogLine(Uint8Array.of(0xc3)), hasCode('GATE_PROTOCOL_VIOLATION'));
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
