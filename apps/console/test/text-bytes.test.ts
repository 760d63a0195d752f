import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodePemBlocks, decodeText } from '../src/page/input/text-bytes.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
const broken = (text: string): string => text.replaceAll(/(.{7})/g, '$1\r\n  ');

test('hex, base64 and PEM give their bytes, with white space anywhere', () => {
  fc.assert(
    fc.property(bytes, (input) => {
      const buffer = Buffer.from(input);
      const hex = buffer.toString('hex');
      assert.deepEqual(decodeText(broken(hex))?.bytes, input);
      assert.deepEqual(decodeText(`0x${hex.toUpperCase()}\n`), { form: 'hex', bytes: input });
      const pem = `-----BEGIN QUOTE-----\n${broken(buffer.toString('base64'))}\n-----END QUOTE-----\n`;
      assert.deepEqual(decodePemBlocks(pem + pem), [input, input]);
    }),
  );
});

test('base64 is read in either alphabet, with and without padding', () => {
  // 0xfb 0xff has + and / in one alphabet, - and _ in the other.
  const input = new Uint8Array([0xfb, 0xff, 0xfe, 0x10]);
  for (const text of ['+//+EA==', '-__-EA', '+//+EA', '-__-EA==']) {
    assert.deepEqual(decodeText(text), { form: 'base64', bytes: input }, text);
  }
});

test('hex wins where both would do', () => {
  assert.deepEqual(decodeText('abcd')?.form, 'hex');
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
    assert.equal(decodeText(text), undefined);
    assert.equal(decodePemBlocks(text), undefined);
  });
}

test('a text of many PEM blocks is no evidence', () => {
  const block = '-----BEGIN A-----\nAAAA\n-----END A-----\n';
  assert.equal(decodePemBlocks(block.repeat(8))?.length, 8);
  assert.equal(decodePemBlocks(block.repeat(9)), undefined);
  assert.equal(decodePemBlocks(`${block}and more`), undefined);
});
