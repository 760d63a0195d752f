import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { describe, test } from 'node:test';
import { planBubblewrap } from '../../src/layers/bubblewrap.ts';
import { enclaveCommand } from '../../src/layers/command.ts';
import { planUtilLinux, type IsolationPlan } from '../../src/layers/plan.ts';
import { outerFilter, seccompFilter } from '../../src/layers/seccomp.ts';
import { stubCommand, stubPlan, stubTasks } from '../../src/layers/stub-command.ts';
import { decodeProgram, runFilter } from './bpf.ts';
import { machineOptions, missingLayers, starterPath, type Machine } from './isolation-machine.ts';

/** Any file that is there. */
const program = { path: realpathSync('/bin/sh'), filterPath: '/run/stub.bpf' };
const needs = { enclaveBytes: 1n << 30n, arenaBytes: 1 << 20, threads: 4 };

const ways: readonly [string, (machine?: Machine) => IsolationPlan][] = [
  ['util-linux', (machine = {}) => planUtilLinux(machineOptions(machine))],
  [
    'bubblewrap',
    (machine = {}) => planBubblewrap(machineOptions({ programs: ['ldd', 'bwrap', 'setpriv'], ...machine })),
  ],
];

for (const [way, planOn] of ways) {
  describe(`the stub by ${way}`, () => {
    test('has the words of the interpreter, but for its files, its filter and its limits', () => {
      for (const enclaveUser of [undefined, 61_000]) {
        const machine = enclaveUser === undefined ? {} : { enclaveUser };
        const plan = planOn(machine);
        const line = stubCommand(stubPlan(plan, program), { ...needs, user: enclaveUser }, program.path);
        const words = line.join(' ');
        assert.equal(line[0], starterPath);
        assert.equal(line.at(-1), program.path);
        assert.ok(!words.includes(process.execPath), words);
        // Only setpriv, which gives it its user inside the view, is there with its files.
        if (enclaveUser === undefined) assert.ok(!words.includes('/dev/null'), words);
        assert.ok(
          words.startsWith(`${starterPath} c12 r7 v1024 r2 v${(1n << 30n) + (1n << 20n) + (64n << 20n)} `),
          words,
        );
        assert.ok(words.includes(` r9 v${(2n << 30n) + (1n << 20n) + (64n << 20n)} r3 v8388608 r4 e1 - `), words);
        const others = enclaveCommand(plan, { heapSizeBytes: 1n, threads: 4, user: enclaveUser }, process.execPath);
        const flags = (of: readonly string[]): readonly string[] =>
          of.filter((word) => word.startsWith('--') && !/bind|dir|landlock-rule/.test(word));
        assert.deepEqual(flags(line), flags(others));
      }
    });

    test('has the layers of the machine, and its own in place of those of the interpreter', () => {
      const plan = planOn();
      const { layers } = stubPlan(plan, program);
      const names = plan.layers
        .map(({ name }) => name)
        .filter((name) => name !== 'interpreter' && name !== 'authority');
      assert.deepEqual(
        layers.map(({ name }) => name),
        ['stub', ...names],
      );
      assert.deepEqual(missingLayers(stubPlan(plan, program)), []);
    });

    test('lacks the layers that the interpreter lacks', () => {
      const plan = planOn({ without: [way === 'bubblewrap' ? '--seccomp' : '--seccomp-filter'] });
      const missing = missingLayers(plan);
      assert.ok(missing.includes('seccomp'));
      assert.deepEqual(missingLayers(stubPlan(plan, program)), missing);
      assert.ok(!stubCommand(stubPlan(plan, program), needs, program.path).includes(program.filterPath));
    });
  });
}

test('by bubblewrap it reads its own filter', () => {
  const { inherited } = stubPlan(planBubblewrap(machineOptions({ programs: ['ldd', 'bwrap'] })), program);
  assert.deepEqual(inherited, { path: program.filterPath, descriptor: 7 });
});

test('its tasks are its threads, one more, and what starts it', () => {
  assert.deepEqual([stubTasks(1, 'limit'), stubTasks(64, 'limit'), stubTasks(1, 'cgroup')], [3, 66, 4]);
});

describe('the outer filter of the stub', () => {
  const architecture = 0xc000_003e;
  const [allow, eperm] = [0x7fff_0000, 0x0005_0001];
  const ofStub = decodeProgram(outerFilter('x64'));
  const ofOthers = decodeProgram(seccompFilter('x64'));
  const prctl = (...words: number[]) => ({ number: 157, architecture, arguments: words });

  test('lets it add a filter, and hide its memory, which others may not', () => {
    for (const call of [prctl(22, 2), prctl(4, 0)]) {
      assert.equal(runFilter(ofStub, call), allow);
      assert.equal(runFilter(ofOthers, call), eperm);
    }
  });

  test('lets it do nothing else with them', () => {
    // Strict mode; a dump again; the signal at the death of the parent; a tracer.
    for (const call of [prctl(22, 1), prctl(4, 1), prctl(1, 0), prctl(0x5961_6d61, 1)]) {
      assert.equal(runFilter(ofStub, call), eperm);
    }
  });

  test('is otherwise that of other enclaves', () => {
    for (let number = 0; number < 600; number += 1) {
      if (number === 157) continue;
      for (const words of [[], [0, 1, 2, 3, 4, 5], [0x3d0f00, 0, 0, 0x22], [0, 4, 0x2000]]) {
        const call = { number, architecture, arguments: words };
        assert.equal(runFilter(ofStub, call), runFilter(ofOthers, call), `${number} ${words.join(' ')}`);
      }
    }
  });
});
