import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examineItems, itemRequest, type StoredItem } from '../src/index.ts';
import { dayMs, now } from './support.ts';

const iso = (ms: number): string => `${new Date(now.getTime() + ms).toISOString().slice(0, 19)}Z`;

function item(
  text: Parameters<typeof itemRequest>,
  facts: Partial<StoredItem['facts']>,
  fetchedMs = -3_600_000,
): StoredItem {
  return {
    source: 'pcs https://api.trustedservices.intel.com',
    request: itemRequest(...text),
    fetchedAt: new Date(now.getTime() + fetchedMs).toISOString(),
    content: { body: '' },
    facts: { rootKey: 'ab', issuedAt: iso(-2 * dayMs), expiresAt: iso(28 * dayMs), ...facts },
  };
}

const numbers = item(['evaluation-numbers', { tee: 'tdx' }], {
  evaluationNumbers: [20, 19, 17].map((number) => ({ number, recoveryEvent: `20${number}-01-01T00:00:00Z` })),
});
const identity = (baseline: string | number, evaluationNumber: number): StoredItem =>
  item(['qe-identity', { tee: 'tdx', baseline }], { evaluationNumber });

test('an item says its age, its end and how far its baseline is behind', () => {
  const [found] = examineItems([identity('standard', 17), numbers], now);
  assert.deepEqual(found?.lag, { newest: 20, behind: 2, listed: true, since: '2019-01-01T00:00:00Z' });
  assert.deepEqual([found.ageSeconds, found.issueAgeSeconds, found.freshness], [3600, 172_800, 'fresh']);
  assert.match(found.advice ?? '', /--update early/);
});

test('the newest baseline needs nothing, and nothing is said of a lag that is not known', () => {
  const [newest] = examineItems([identity('early', 20), numbers], now);
  assert.deepEqual(newest?.lag, { newest: 20, behind: 0, listed: true });
  assert.equal(newest.advice, undefined);
  const [unknown] = examineItems([identity('standard', 17)], now);
  assert.deepEqual([unknown?.lag, unknown?.advice], [undefined, undefined]);
  const mirrored = { ...identity('standard', 17), source: 'azure-useast2 https://useast2.thim.azure.net' };
  assert.equal(examineItems([mirrored, numbers], now)[0]?.lag?.behind, 2);
  const other = { ...numbers, facts: { ...numbers.facts, rootKey: 'cd' } };
  assert.equal(examineItems([identity('standard', 17), other], now)[0]?.lag, undefined);
});

test('a number that Intel no longer lists will be withdrawn', () => {
  const [found] = examineItems([identity(18, 18), numbers], now);
  assert.equal(found?.lag?.listed, false);
  assert.match(found.advice ?? '', /later evaluation number/);
});

test('what ended, what is due and what has not begun', () => {
  const of = (facts: Partial<StoredItem['facts']>, fetchedMs?: number) =>
    examineItems([item(['root-crl'], facts, fetchedMs)], now)[0];
  assert.equal(of({ expiresAt: iso(-1000) })?.freshness, 'expired');
  assert.equal(of({ issuedAt: iso(1000) })?.freshness, 'not-yet-valid');
  assert.equal(of({}, -2 * dayMs)?.freshness, 'due');
  assert.equal(of({ issuedAt: iso(-29 * dayMs), expiresAt: iso(dayMs) })?.freshness, 'due');
  for (const facts of [{ expiresAt: iso(-1000) }, { issuedAt: iso(1000) }]) assert.ok(of(facts)?.advice);
});
