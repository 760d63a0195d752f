import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { itemRequest, parseItemRequest } from '../src/index.ts';

const refused = (error: unknown): boolean => isEnclosError(error, 'ENDORSEMENTS_REQUEST_INVALID');

test('a request has one text, whatever the order of its parameters', () => {
  const text = 'tcb-info?baseline=standard&fmspc=00906ed50000&tee=sgx';
  assert.equal(itemRequest('tcb-info', { tee: 'sgx', fmspc: '00906ed50000', baseline: 'standard' }).text, text);
  assert.deepEqual(parseItemRequest(text).parameters, { baseline: 'standard', fmspc: '00906ed50000', tee: 'sgx' });
  assert.equal(itemRequest('root-crl').text, 'root-crl');
});

test('what is not a request, or not in its one form, is refused', () => {
  for (const text of [
    '',
    'nothing',
    'toString',
    'root-crl?',
    'root-crl?x=1',
    'pck-crl',
    'pck-crl?ca=other',
    'pck-crl?ca=platform&ca=platform',
    'pck-crl?ca=platform?',
    'pck-crl?ca=platform=',
    'qe-identity?tee=sgx&baseline=early',
    'qe-identity?baseline=early&tee=SGX',
    'qe-identity?baseline=0&tee=sgx',
    'qe-identity?baseline=017&tee=sgx',
    'tcb-info?baseline=early&fmspc=00906ED50000&tee=sgx',
    'snp-crl?product=Rome&signing-key=vcek',
    `root-crl?${'x'.repeat(3000)}`,
  ]) {
    assert.throws(() => parseItemRequest(text), refused, text);
  }
  assert.throws(() => itemRequest('snp-certificate', { tee: 256 }), refused);
});

test('arbitrary text is refused, or is the text of what was read', () => {
  const words = fc.constantFrom(
    'pck-crl',
    'qe-identity',
    '?',
    '&',
    '=',
    'ca',
    'platform',
    'baseline',
    'early',
    'tee',
    'sgx',
    '17',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words, { maxLength: 12 }).map((parts) => parts.join('')),
      ),
      (text) => {
        try {
          assert.equal(parseItemRequest(text).text, text);
        } catch (error) {
          assert.ok(refused(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
