import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planUtilLinux, type IsolationPlan, type Run } from '@enclos/isolation';
import { requireUserSwitch } from '../../../src/platform/separation/separation.ts';

const range = { first: 61_000, last: 61_009 };
const refused = { code: 'PLATFORM_SEPARATION_UNAVAILABLE' };

/** The plan of a separated machine on which the commands work that `run` runs. */
function planWith(run: Run): IsolationPlan {
  const files = {
    interpreterPath: process.execPath,
    filterPath: '/run/filter.bpf',
    starterPath: '/cache/enclos-start',
  };
  return planUtilLinux({ ...files, run, userId: 0, enclaveUser: range.first, cgroup: undefined });
}

test('no platform opens with a plan that changes no users', () => {
  const cannot = planWith((_command, args) => (args.includes('--reuid') ? undefined : ''));
  assert.throws(() => requireUserSwitch(cannot, range, () => ''), refused);
});

test('a platform opens with one that changes them, if the machine knows the last user of the range too', () => {
  const can = planWith(() => '');
  requireUserSwitch(can, range, () => '');
  // A user namespace may know the first of the range and not the last.
  const first: Run = (_command, args) => (args.includes('61009') ? undefined : '');
  assert.throws(() => requireUserSwitch(can, range, first), refused);
});
