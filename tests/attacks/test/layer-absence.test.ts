import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layerAbsence } from '../src/native/layer-absence.ts';

const layer = (active: boolean) => ({ name: 'file view', active, detail: 'no user namespaces' }) as const;
const plan = (active: boolean) => ({ way: 'bubblewrap', layers: [layer(active)] }) as never;
const [there, gone] = [() => true, () => false];

test('attacks on layers run where every layer is there', () => {
  assert.equal(layerAbsence(plan(true), { has: gone, ci: 'true' }), undefined);
});

test('attacks on layers are skipped where the kernel refuses one, in CI too', () => {
  for (const ci of ['', 'true']) {
    assert.match(layerAbsence(plan(false), { has: there, ci }) ?? '', /lacks file view: no user namespaces/);
  }
});

test('attacks on layers fail in CI where a program is missing that it can install, and are skipped elsewhere', () => {
  assert.throws(() => layerAbsence(plan(false), { has: gone, ci: 'true' }), /by bubblewrap, which needs bwrap/);
  assert.match(layerAbsence(plan(false), { has: gone, ci: '' }) ?? '', /lacks/);
});
