import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusScenarios } from '@enclos/evidence-kit';
import { shortfallName, statusMeanings } from '../../src/explain/index.ts';

test('every status that a verdict can have has a meaning of its own, and something to do', () => {
  const seen = new Set(statusScenarios.map(({ expected }) => expected.status));
  assert.deepEqual([...seen].sort(), Object.keys(statusMeanings).sort());
  const meanings = Object.values(statusMeanings);
  assert.equal(new Set(meanings.map(({ meaning }) => meaning)).size, meanings.length);
  assert.ok(meanings.every(({ next, title }) => next.endsWith('.') && title !== ''));
});

test('only OK is good, and what ends trust is bad', () => {
  const graded = (wanted: string): readonly string[] =>
    Object.entries(statusMeanings).flatMap(([status, { grade }]) => (grade === wanted ? [status] : []));
  assert.deepEqual(graded('good'), ['OK']);
  assert.deepEqual(graded('bad'), ['REVOKED', 'TCB_NOT_SUPPORTED']);
});

test('components are numbered from 1, as in the TCB info', () => {
  assert.equal(shortfallName({ component: 'sgx', index: 2 }), 'SGX TCB component 3');
  assert.equal(shortfallName({ component: 'tdx', index: 0 }), 'TDX TCB component 1');
  assert.equal(shortfallName({ component: 'qe', index: 0 }), 'Quoting enclave (QE)');
});
