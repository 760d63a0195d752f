import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { follow, judgeSurvivors, stepOfDeath } from '../src/kill/judge.ts';
import type { Run } from '../src/kill/run.ts';
import type { Mark } from '../src/marks.ts';

/** Marks a millisecond apart: `STEP`, or `STEP=VALUE`, or `STEP:CODE`. */
function marks(...steps: readonly string[]): readonly Mark[] {
  return steps.map((text, index) => {
    const [, step = '', value, code] = /^([a-z]+)(?:=(\d+))?(?::(\w+))?$/.exec(text) ?? [];
    const at = BigInt(index + 1) * 1_000_000n;
    const facts = { ...(value === undefined ? {} : { value: Number(value) }), ...(code === undefined ? {} : { code }) };
    return { step, at, processId: 1, ...facts };
  });
}

function run(killedAtMs: number | undefined, ...steps: readonly string[]): Run {
  const killedAt = killedAtMs === undefined ? undefined : BigInt(Math.round(killedAtMs * 1e6));
  return { marks: marks(...steps), killedAt, exit: { code: 0, signal: null } };
}

describe('the state that a run finds', () => {
  const ledger = { acknowledged: 4, begun: 4 };

  test('is the acknowledged one, or the one whose write had begun', () => {
    assert.deepEqual(follow(ledger, marks('found=4', 'store')), { acknowledged: 4, begun: 5 });
    for (const found of ['found=4', 'found=5']) follow({ acknowledged: 4, begun: 5 }, marks(found));
    assert.deepEqual(follow(ledger, marks('found=4', 'store', 'acknowledged=5')), { acknowledged: 5, begun: 5 });
  });

  test('is never older than acknowledged, nor newer than begun, nor lost', () => {
    for (const found of ['found=3', 'found=5', 'found=0']) assert.throws(() => follow(ledger, marks(found)), /Found/);
    assert.throws(() => follow(ledger, marks('found=4', 'store', 'acknowledged=7')), /Acknowledged/);
  });
});

describe('the survivors of a death', () => {
  test('know of it, by the right code and in time', () => {
    assert.equal(judgeSurvivors('enclave', run(1.5, 'read', 'answered:ENCLAVE_LOST', 'ended')), 0.5);
    assert.equal(judgeSurvivors('platform', run(1.5, 'read', 'answered:TEE_PLATFORM_LOST', 'ended')), 0.5);
    for (const wrong of [
      run(1.5, 'read', 'answered:GATE_DEADLINE', 'ended'),
      run(1.5, 'read', 'answered:TEE_PLATFORM_LOST', 'ended'),
      run(1.5, 'read', 'ended'),
      run(1.5, 'read', 'answered:ENCLAVE_LOST'),
      { ...run(1.5, 'ended'), exit: { code: 1, signal: null } },
    ]) {
      assert.throws(() => judgeSurvivors('enclave', wrong));
    }
    assert.throws(() => judgeSurvivors('enclave', run(-20_000, 'answered:ENCLAVE_LOST', 'ended')), /knew after/);
  });

  test('need not know when they had asked for the end', () => {
    assert.equal(judgeSurvivors('enclave', run(1.5, 'dispose', 'disposed', 'ended')), undefined);
  });

  test('the step of a death is the last that was said before it', () => {
    assert.equal(stepOfDeath(run(2.5, 'read', 'unseal', 'unsealed')), 'unseal');
    assert.equal(stepOfDeath(run(undefined, 'read')), undefined);
  });
});
