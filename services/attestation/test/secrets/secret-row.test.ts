import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { decodeSecretRow, encodeSecretRow } from '../../src/secrets/secret-row.ts';
import { configurationDigest } from '../sealing.ts';

const example = { configurationDigest, policy: '{"version":"1.0.0"}', secret: utf8('secret') };
const policyAt = encodeSecretRow(example).length - example.secret.length - 4 - example.policy.length;

test('a row comes back as it was', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), bytes, (policy, secret) => {
      const row = { configurationDigest, policy, secret };
      assert.deepEqual(decodeSecretRow(encodeSecretRow(row)), row);
    }),
  );
});

test('what decodes encodes to the same bytes, whatever was changed', () => {
  const good = encodeSecretRow(example);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const changed = Uint8Array.from(good, (byte, index) => (index === at ? byte ^ mask : byte));
      try {
        assert.deepEqual(encodeSecretRow(decodeSecretRow(changed)), changed);
      } catch (error) {
        assert.ok(isEnclosError(error) && error.code.startsWith('CODEC_'), String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('truncated rows, rows with more behind them and policies that are no text are refused', () => {
  const good = encodeSecretRow(example);
  for (let length = 0; length < good.length; length++) assert.throws(() => decodeSecretRow(good.subarray(0, length)));
  assert.throws(() => decodeSecretRow(concatBytes(good, Uint8Array.of(0))), { code: 'CODEC_TRAILING' });
  const notText = good.slice();
  notText[policyAt] = 0xff;
  assert.throws(() => decodeSecretRow(notText), { code: 'CODEC_INVALID' });
});

test('a secret has 1 to 65,536 bytes, and a configuration a digest', () => {
  const largest = { ...example, secret: new Uint8Array(65_536) };
  assert.deepEqual(decodeSecretRow(encodeSecretRow(largest)), largest);
  for (const secret of [new Uint8Array(), new Uint8Array(65_537)]) {
    assert.throws(() => encodeSecretRow({ ...example, secret }), { code: 'CODEC_OUT_OF_RANGE' });
  }
  assert.throws(() => encodeSecretRow({ ...example, policy: 'x'.repeat(196_609) }), { code: 'CODEC_OUT_OF_RANGE' });
  assert.throws(() => encodeSecretRow({ ...example, configurationDigest: 'AAAA' }));
  const none = encodeSecretRow({ ...example, secret: utf8('x') }).slice(0, -1);
  none[none.length - 4] = 0;
  assert.throws(() => decodeSecretRow(none), { code: 'CODEC_OUT_OF_RANGE' });
});
