import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countPemStarts, findPemBlocks, toPem } from '../src/pem.ts';

test('blocks that cannot be read are counted too', () => {
  const whole = toPem('CERTIFICATE', Uint8Array.of(1, 2, 3));
  const broken = '-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n';
  assert.equal(findPemBlocks(whole + broken, 9).length, 1);
  assert.equal(countPemStarts(whole + broken), 2);
  assert.equal(countPemStarts(''), 0);
});
