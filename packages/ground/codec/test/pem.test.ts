import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { findDer, findPemBlocks, fromPem, readPemBlocks, toPem } from '../src/pem.ts';

const bounds = 32_768;
const bytes = Uint8Array.of(1, 2, 3);
const one = toPem('CERTIFICATE', bytes);
const refuses = (text: string, message?: RegExp): void =>
  assert.throws(
    () => fromPem('CERTIFICATE', text, bounds),
    (error) => isEnclosError(error) && error.code.startsWith('CODEC_') && (message?.test(error.message) ?? true),
    JSON.stringify(text.slice(0, 80)),
  );

test('PEM that was written is read again, strictly and in any text', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 4 }), (all) => {
      const text = all.map((each) => toPem('X509 CRL', each)).join('');
      assert.deepEqual(fromPem('X509 CRL', text, bounds), all);
      assert.deepEqual(fromPem('X509 CRL', text.replaceAll('\n', '\r\n'), bounds), all);
      const found = findPemBlocks(`subject: a\n${text}and more`, 8);
      assert.deepEqual(
        found,
        all.map((each) => ({ label: 'X509 CRL', bytes: each })),
      );
    }),
  );
});

test('a block of nothing is written without a line in it', () => {
  assert.equal(toPem('X', new Uint8Array()), '-----BEGIN X-----\n-----END X-----\n');
});

test('it is written as OpenSSL writes it', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const der = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  assert.equal(toPem('PUBLIC KEY', der), publicKey.export({ type: 'spki', format: 'pem' }));
});

test('line breaks may stand around blocks, and nothing else', () => {
  assert.deepEqual(fromPem('CERTIFICATE', `\r\n\n${one}\n\n${one}\n`, bounds), [bytes, bytes]);
  for (const text of ['', '\n', `x${one}`, `${one}x`, ` ${one}`, `${one} `, `\0${one}`, `${one}\0`, `${one}\t${one}`]) {
    refuses(text);
  }
});

// Of the readers that this one replaced, one wanted a line break after BEGIN, one an END with the label of BEGIN, some
// let white space stand in and after a block, and most took blocks without content.
test('each rule of the strictest reader holds', () => {
  for (const [text, why] of [
    [one.replace('-----\n', '-----'), 'no line break after BEGIN'],
    [one.replace('END CERTIFICATE', 'END X509 CRL'), 'another label at the end'],
    [one.replace('AQID', ''), 'no content'],
    [one.replace('AQID\n', ''), 'no content and no line'],
    [one.replace('AQID', 'AQ ID'), 'a space in the content'],
    [one.replace('AQID', 'AQ*D'), 'another character'],
    [one.replace('AQID', 'AQ-D'), 'the alphabet of base64url'],
    [one.replace('AQID', 'AQI'), 'no padding'],
    [one.replace('AQID', 'AQJ='), 'bits after the last byte'],
    [one.replace('AQID', 'AQ==ID=='), 'padding in the middle'],
    [one.replace('AQID', 'A==='), 'padding without content'],
    [one.replace('END', 'END '), 'a space in END'],
    [one.slice(0, 40), 'no END'],
    [one.replaceAll('CERTIFICATE', 'certificate'), 'a label in lower case'],
    [one.replaceAll('CERTIFICATE', 'X'.repeat(65)), 'a label of 65 characters'],
    [one.replaceAll('CERTIFICATE', 'X509 CRL'), 'another label than wanted'],
  ] as const) {
    assert.throws(
      () => fromPem('CERTIFICATE', text, bounds),
      (error) => isEnclosError(error, 'CODEC_INVALID'),
      why,
    );
  }
});

test('length and, in any text, number of blocks are bounded', () => {
  const outOfRange = (action: () => unknown): void =>
    assert.throws(action, (error) => isEnclosError(error, 'CODEC_OUT_OF_RANGE'));
  assert.equal(readPemBlocks(one.repeat(2), 2 * one.length).length, 2);
  outOfRange(() => readPemBlocks(one, one.length - 1));
  assert.equal(findPemBlocks(one.repeat(3), 2).length, 2);
});

test('a refusal says what was given in the place of PEM', () => {
  refuses('MIIBIjANBg', /begins like the base64 of DER/);
  refuses('0\uFFFD', /begins like DER/);
});

test('in a text of anything, whole blocks are found, and blocks that cannot be decoded are left out', () => {
  const key = toPem('PRIVATE KEY', Uint8Array.of(9));
  const text = `Bag Attributes\n${one.replace('AQID', 'AQ*D')}${one.replace('AQID', 'AQJ=')}${key}: ${one.slice(0, 40)}`;
  assert.deepEqual(findPemBlocks(text, 8), [{ label: 'PRIVATE KEY', bytes: Uint8Array.of(9) }]);
  assert.deepEqual(findPemBlocks(one.replace('AQID', ' AQ\t\nID '), 8), [{ label: 'CERTIFICATE', bytes }]);
  assert.deepEqual(findPemBlocks('no block', 8), []);
  assert.deepEqual(findDer(new TextEncoder().encode(text), 8), [Uint8Array.of(9)]);
  assert.deepEqual(findDer(bytes, 8), [bytes]);
});

test('a megabyte of beginnings takes no more than a look at each', { timeout: 20_000 }, () => {
  const text = '-----BEGIN A-----\n'.repeat(60_000);
  assert.deepEqual(findPemBlocks(text, 8), []);
  assert.deepEqual(findPemBlocks(`-----BEGIN A-----${'A'.repeat(1_048_576)}`, 8), []);
  assert.throws(() => readPemBlocks(text, text.length));
});
