import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { bytesText, compareQuantities, parseQuantity } from '../../src/forms/quantity.ts';

describe('parseQuantity()', () => {
  const whole: readonly (readonly [string, bigint])[] = [
    ['10Mi', 10_485_760n],
    ['0.5Gi', 536_870_912n],
    ['1e3', 1000n],
    ['1E3', 1000n],
    ['2k', 2000n],
    ['1E', 10n ** 18n],
    ['1000m', 1n],
    ['-1', -1n],
    ['+1.0', 1n],
    ['.5k', 500n],
    ['5.', 5n],
    [' 3 ', 3n],
  ];
  for (const [text, value] of whole) {
    it(`reads ${text}`, () => assert.equal(parseQuantity(text)?.integer, value));
  }

  for (const text of ['0.5', '100m', '1n', '1e-3']) {
    it(`reads ${text} as a fraction`, () => {
      assert.notEqual(parseQuantity(text), undefined);
      assert.equal(parseQuantity(text)?.integer, undefined);
    });
  }

  for (const text of ['', '10MB', '10 Mi', 'Mi', '1Ki2', '1e', '3\n', '1e9999', '--1', '0x10', '.', '1'.repeat(65)]) {
    it(`refuses ${JSON.stringify(text.slice(0, 8))}`, () => assert.equal(parseQuantity(text), undefined));
  }

  it('compares by value', () => {
    const equal = (a: string, b: string): boolean => {
      const [left, right] = [parseQuantity(a), parseQuantity(b)];
      return left !== undefined && right !== undefined && compareQuantities(left, right) === 0;
    };
    assert.ok(equal('1Gi', '1024Mi') && equal('0.1', '100m') && !equal('1G', '1Gi'));
  });

  it('reads back what bytesText() writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 50n }), (bytes) => {
        assert.equal(parseQuantity(bytesText(bytes))?.integer, bytes);
      }),
    );
  });
});
