import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planAllWays, planIsolation } from '../../src/layers/choose.ts';
import type { IsolationPlan } from '../../src/layers/plan.ts';
import { machineOptions, missingLayers, starterPath, utilLinux, type Machine } from './isolation-machine.ts';

const choose = (machine: Machine): IsolationPlan => planIsolation(machineOptions(machine));
const detailOf = (plan: IsolationPlan, wanted: string): string =>
  plan.layers.find(({ name }) => name === wanted)?.detail ?? '';

/** Debian 12 and Ubuntu 24.04: a setpriv of before 2.41. */
const older = ['--landlock-access', '--seccomp-filter'];

describe('the choice between the ways to isolation', () => {
  test('is util-linux where both give all, since nothing of it stays', () => {
    const plan = choose({ programs: [...utilLinux, 'bwrap'] });
    assert.deepEqual([plan.way, missingLayers(plan)], ['util-linux', []]);
  });

  test('is bubblewrap where util-linux is older', () => {
    const plan = choose({ programs: [...utilLinux, 'bwrap'], without: older });
    assert.deepEqual([plan.way, missingLayers(plan)], ['bubblewrap', []]);
  });

  test('is the same for enclaves with users of their own', () => {
    const programs = [...utilLinux, 'bwrap'];
    const enclaveUser = 61_000;
    assert.equal(choose({ programs, enclaveUser }).way, 'util-linux');
    const plan = choose({ programs, enclaveUser, without: older });
    assert.deepEqual([plan.way, missingLayers(plan)], ['bubblewrap', []]);
  });

  test('is util-linux where bubblewrap is not, and says what can be seen', () => {
    const plan = choose({});
    assert.deepEqual([plan.way, missingLayers(plan)], ['util-linux', []]);
    assert.equal(plan.inherited, undefined);
    assert.match(detailOf(plan, 'file-view'), /can be seen/);
  });

  test('is util-linux where bubblewrap gets no namespaces', () => {
    const plan = choose({ programs: [...utilLinux, 'bwrap'], without: ['bwrap'] });
    assert.deepEqual([plan.way, missingLayers(plan)], ['util-linux', []]);
  });

  test('of a machine that lacks a layer both ways names both ways to it', () => {
    const plan = choose({ without: older });
    assert.equal(plan.way, 'util-linux');
    assert.deepEqual(missingLayers(plan), ['memory', 'file-view', 'seccomp']);
    assert.match(detailOf(plan, 'seccomp'), /util-linux 2\.41.* Or: .*apt-get install bubblewrap/);
  });

  test('does not say the same twice', () => {
    const plan = choose({ programs: [], without: [starterPath] });
    assert.match(detailOf(plan, 'no-dumps'), /^Let programs run ((?! Or: ).)*\.$/);
  });

  test('shows both ways to those who ask', () => {
    const plans = planAllWays(machineOptions({ programs: [...utilLinux, 'bwrap'] }));
    assert.deepEqual(
      plans.map(({ way }) => way),
      ['util-linux', 'bubblewrap'],
    );
  });
});
