import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeySet, aeadIds, kdfIds, kemIds } from '@enclos/hpke';
import { until } from '@enclos/testkit';
import { ReportDesk } from '../src/inside/report.ts';
import { engine } from './sealed-scene.ts';

const hourMs = 3_600_000;

test('evidence of new keys that could not be made is made at the next call, and not made again after that', async () => {
  const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];
  const keys = new KeySet(engine, { kems: [{ kem: kemIds.x25519, suites }] });
  await keys.refresh(0);
  let quotes = 0;
  let hasEndorsements = true;
  const desk = new ReportDesk({
    keys,
    models: () => ({ models: [] }),
    receiptKey: new Uint8Array(),
    quote: async () => Uint8Array.of(++quotes),
    endorsements: async () => (hasEndorsements ? '{}' : Promise.reject(new Error('The host has none now.'))),
    nowMs: () => 0,
  });
  await desk.renew();
  const first = desk.digests;
  hasEndorsements = false;
  await keys.refresh(23.5 * hourMs);
  await assert.rejects(desk.renew(), /none now/);
  assert.deepEqual(desk.digests, first);
  hasEndorsements = true;
  await keys.refresh(23.6 * hourMs);
  await desk.renew();
  assert.notEqual(desk.digests.keySetDigest, first.keySetDigest);
  const made = quotes;
  await desk.renew();
  assert.equal(quotes, made);
});

test('calls at once make one quote after the other, and the last keys have the last word', async () => {
  const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];
  const keys = new KeySet(engine, { kems: [{ kem: kemIds.x25519, suites }] });
  await keys.refresh(0);
  const quoting: (() => void)[] = [];
  const desk = new ReportDesk({
    keys,
    models: () => ({ models: [] }),
    receiptKey: new Uint8Array(),
    quote: async (reportData) => {
      await new Promise<void>((resolve) => quoting.push(resolve));
      return reportData;
    },
    endorsements: async () => '{}',
    nowMs: () => 0,
  });
  const first = desk.renew();
  await until('the first quote is asked for', () => quoting.length === 1);
  await keys.retire(hourMs, () => undefined);
  const renewals = [first, desk.renew(), desk.renew()];
  // The quote of the later keys does not overtake that of the earlier ones, which would then have the last word.
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(quoting.length, 1);
  quoting[0]?.();
  await until('the second quote is asked for', () => quoting.length === 2);
  quoting[1]?.();
  await Promise.all(renewals);
  assert.equal(quoting.length, 2);
  const { keySetDigest } = desk.digests;
  await desk.renew();
  assert.equal(desk.digests.keySetDigest, keySetDigest, 'they are those of the keys now');
});
