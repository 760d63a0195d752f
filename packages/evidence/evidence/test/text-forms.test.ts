import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '@enclos/codec';
import { decodeText } from '../src/recognise/text-forms.ts';
import { recognise } from '../src/recognise.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
const broken = (text: string): string => text.replaceAll(/(.{7})/g, '$1\r\n  ');

test('hex and base64 give their bytes, with white space anywhere', () => {
  fc.assert(
    fc.property(bytes, (input) => {
      const hex = Buffer.from(input).toString('hex');
      assert.deepEqual(decodeText(broken(hex))[0]?.decoded, input);
      assert.deepEqual(decodeText(`0x${hex.toUpperCase()}\n`)[0], { form: 'hex', what: 'hex', decoded: input });
      const base64 = decodeText(broken(Buffer.from(input).toString('base64')));
      assert.deepEqual(base64.at(-1)?.decoded, input);
    }),
  );
});

test('base64 is read in either alphabet, with and without padding', () => {
  // 0xfb 0xff has + and / in one alphabet, - and _ in the other.
  const input = new Uint8Array([0xfb, 0xff, 0xfe, 0x10]);
  for (const text of ['+//+EA==', '-__-EA', '+//+EA', '-__-EA==']) {
    assert.deepEqual(
      decodeText(text).map(({ decoded }) => decoded),
      [input],
      text,
    );
  }
});

test('hex wins where both would do', () => {
  assert.deepEqual(
    decodeText('abcd').map(({ form }) => form),
    ['hex', 'base64'],
  );
});

for (const text of [
  '',
  ' \n',
  '0x',
  'abc?',
  'a',
  '=',
  '-----BEGIN QUOTE-----',
  '-----BEGIN A-----\n?\n-----END A-----',
]) {
  test(`no bytes are in ${JSON.stringify(text)}`, () => {
    assert.deepEqual(decodeText(text), []);
    assert.equal(recognise(utf8(text)).form, 'unknown');
  });
}
