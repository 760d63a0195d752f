import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { oeCallFailed, oeResultName } from '@enclos/edl-calls/host';
import { decodeGateWord, encodeGateWord, finalExit } from '../../src/open-enclave/words.ts';

const field = fc.integer({ min: 0, max: 0xffff });

test('a word of the gate is what it was made of', () => {
  fc.assert(
    fc.property(field, field, field, (code, called, result) => {
      const word = { code, function: called, result };
      assert.deepEqual(decodeGateWord(encodeGateWord(word)), word);
    }),
  );
  assert.equal(encodeGateWord({ code: 1, function: 0x8003, result: 9 }), 0x0001_8003_0000_0009n);
});

test('only a return of an ECALL is final', () => {
  fc.assert(
    fc.property(field, field, (code, called) => {
      const word = encodeGateWord({ code, function: called, result: 0 });
      assert.equal((word & finalExit.mask) === finalExit.value, code === 2);
    }),
  );
});

test('results have the names of the SDK', () => {
  const names = [0, 1, 9, 16, 20, 36, 62].map((result) => oeResultName(result));
  const expected = [
    'OE_OK',
    'OE_FAILURE',
    'OE_NOT_FOUND',
    'OE_UNSUPPORTED',
    'OE_ENCLAVE_ABORTED',
    'OE_QUOTE_PROVIDER_CALL_ERROR',
    'OE_SGX_QUOTE_LIBRARY_ERROR',
  ];
  assert.deepEqual(names, expected);
  for (const result of [63, 0xffff, 2n ** 64n - 1n, -1]) assert.equal(oeResultName(result), undefined);
  assert.match(oeCallFailed('put', 9).message, /"put" with OE_NOT_FOUND \(9\)\.$/);
  assert.deepEqual(oeCallFailed('put', 77n).details, { call: 'put', status: 77 });
});
