import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressIn, addressText, wholeNumberIn } from '../src/index.ts';

describe('the value of an option', () => {
  test('is an address of either family', () => {
    assert.deepEqual(addressIn('127.0.0.1:9464'), { host: '127.0.0.1', port: 9464 });
    assert.deepEqual(addressIn('localhost:0'), { host: 'localhost', port: 0 });
    assert.deepEqual(addressIn('[::1]:65535'), { host: '::1', port: 65_535 });
  });

  test('is an address that can be written again', () => {
    for (const text of ['127.0.0.1:9464', 'localhost:0', '[::1]:65535']) {
      assert.equal(addressText(addressIn(text) ?? { host: '', port: 0 }), text);
    }
  });

  for (const text of [
    '9464',
    ':9464',
    'a:',
    'a:65536',
    'a:-1',
    'a:1e1',
    '::1:9464',
    '[a]:1',
    '[::1]',
    'a b:1',
    '[]:1',
  ]) {
    test(`is not an address: ${text}`, () => assert.equal(addressIn(text), undefined));
  }

  test('is a whole number within its bounds', () => {
    assert.equal(wholeNumberIn('0', { least: 0, most: 9 }), 0);
    assert.equal(wholeNumberIn('9', { least: 0, most: 9 }), 9);
    assert.equal(wholeNumberIn('1125899906842624', { least: 1, most: 2 ** 50 }), 2 ** 50);
  });

  for (const text of ['', '-1', '10', '1e0', '0x1', ' 1', '1.0', '+1', '٣', '00000000000000001']) {
    test(`is not a whole number from 0 to 9: ${JSON.stringify(text)}`, () =>
      assert.equal(wholeNumberIn(text, { least: 0, most: 9 }), undefined));
  }
});
