import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { DerReader, fromHex, utf8 } from '../src/index.ts';
import { beginsLikePem, mistakenForPem, toPem } from '../src/pem.ts';
import { readCertificateShape } from '../src/x509/index.ts';

const der = fromHex('30820100');
const pem = toPem('CERTIFICATE', der);

test('PEM where DER is wanted is called PEM', () => {
  for (const text of [pem, `\n${pem}`, '-----BEGIN X']) {
    assert.ok(beginsLikePem(utf8(text)));
    assert.ok(beginsLikePem(text));
    for (const read of [() => new DerReader(utf8(text)).sequence(), () => readCertificateShape(utf8(text))]) {
      assert.throws(
        read,
        (error) => isEnclosError(error, 'CODEC_INVALID') && error.message.startsWith('DER is wanted, and this is PEM'),
      );
    }
  }
  for (const bytes of [der, utf8('hello'), new Uint8Array(), utf8('-----')]) assert.ok(!beginsLikePem(bytes));
  assert.throws(() => new DerReader(utf8('hello')).sequence(), /DER tag 0x30 wanted, 0x68 found/);
  // Only at its start: a value inside may be any bytes.
  const reader = new DerReader(Uint8Array.of(5, 0, ...utf8('-----BEGIN X')));
  reader.element();
  assert.throws(() => reader.sequence(), /DER tag 0x30 wanted/);
});

test('DER, and base64 without lines, where PEM is wanted are called by their names', () => {
  const asText = (encoding: string): string => new TextDecoder(encoding).decode(der);
  for (const text of [der, fromHex('3083010000'), asText('latin1'), asText('utf-8')]) {
    assert.equal(mistakenForPem(text), ' It begins like DER.');
  }
  assert.match(mistakenForPem(Buffer.from(der).toString('base64')), /begins like the base64 of DER/);
  for (const text of ['', 'hello', pem, '0', new Uint8Array()]) assert.equal(mistakenForPem(text), '');
});

test('only the start of a text counts, and no more of it than 32 characters', () => {
  const begin = '-----BEGIN ';
  const room = ' '.repeat(32 - begin.length);
  assert.ok(beginsLikePem(room + begin));
  assert.ok(!beginsLikePem(`${room} ${begin}`));
  assert.ok(!beginsLikePem(`x ${begin}`));
  assert.equal(mistakenForPem(`a${Buffer.from(der).toString('latin1')}`), '');
});
