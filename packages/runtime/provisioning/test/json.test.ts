import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integer, oneOf } from '@enclos/codec/json';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { instant, parseFile, shortHex } from '../src/provisioning/json.ts';

const shape = { format: oneOf('x-1'), serial: shortHex, at: instant, svn: integer(0, 0xffff) };
const written = '{"format":"x-1","serial":"AB","at":"2026-01-31T00:00:00Z","svn":1}';

test('a file of a folder is read as it was written', () => {
  assert.deepEqual(parseFile(written, shape), {
    format: 'x-1',
    serial: 'ab',
    at: new Date('2026-01-31T00:00:00Z'),
    svn: 1,
  });
});

const refusals: readonly (readonly [string, string, ErrorCode])[] = [
  ['another spelling of one value', written.replace(':1}', ': 1}'), 'CODEC_INVALID'],
  ['a repeated name', written.replace('{', '{"svn":1,'), 'CODEC_INVALID'],
  ['an unknown name', written.replace('}', ',"more":1}'), 'CODEC_INVALID'],
  ['a missing name', written.replace(',"svn":1', ''), 'CODEC_TRUNCATED'],
  ['a date that does not exist', written.replace('01-31', '02-30'), 'CODEC_INVALID'],
  ['a number out of its range', written.replace(':1}', ':65536}'), 'CODEC_INVALID'],
  ['an empty serial number', written.replace('"AB"', '""'), 'CODEC_INVALID'],
  ['a serial number over 64 bytes', written.replace('AB', 'AB'.repeat(65)), 'CODEC_INVALID'],
  ['text after the value', `${written}x`, 'CODEC_TRAILING'],
];

for (const [what, text, code] of refusals) {
  test(`a file of a folder is refused with ${what}`, () => {
    assert.notEqual(text, written);
    assert.throws(
      () => parseFile(text, shape),
      (error) => isEnclosError(error, code),
    );
  });
}
