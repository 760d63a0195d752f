import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planBubblewrap } from '../../src/platform/isolation/bubblewrap.ts';
import { planUtilLinux } from '../../src/platform/isolation/plan.ts';
import { layersOfTheMachine, machineOptions, missingLayers, type Machine, type Planned } from './isolation-machine.ts';

function planOn(machine: Machine): Planned {
  const commands: string[] = [];
  return { plan: planBubblewrap(machineOptions(machine, commands)), commands };
}

const programs = ['prlimit', 'ldd', 'bwrap'];

describe('the isolation plan of bubblewrap', () => {
  test('has every layer with prlimit and bwrap alone, and the layers of the other way in the same order', () => {
    const { plan } = planOn({ programs });
    assert.deepEqual(missingLayers(plan), []);
    const names = planUtilLinux(machineOptions({})).layers.map(({ name }) => name);
    assert.deepEqual(
      plan.layers.map(({ name }) => name),
      names,
    );
    assert.equal(plan.way, 'bubblewrap');
    const line = plan.prefix.join(' ');
    assert.match(line, /^prlimit --core=1:1 -- bwrap --unshare-net --unshare-pid .* --seccomp 7 --$/);
    for (const words of ['--die-with-parent', '--clearenv', '--cap-drop ALL']) {
      assert.ok(line.includes(` ${words} `), words);
    }
  });

  test('gives the filter by a descriptor, which is behind those of the enclave', () => {
    const { plan } = planOn({ programs });
    assert.deepEqual(plan.inherited, { path: '/run/filter.bpf', descriptor: 7 });
  });

  test('binds files and never a folder, and makes the root read-only after the last of them', () => {
    const { plan } = planOn({ programs });
    const bound = plan.prefix.flatMap((word, i) => (/^--(?:ro|dev)-bind$/.test(word) ? [plan.prefix[i + 2]] : []));
    assert.deepEqual(bound, [process.execPath, '/etc/ld.so.cache', '/dev/null']);
    assert.ok(plan.prefix.lastIndexOf('--remount-ro') > plan.prefix.lastIndexOf('--dev-bind'));
    // /proc would show the machine, and a container may forbid it.
    assert.ok(!plan.prefix.includes('--proc'));
  });

  test('of a root that may make no namespaces makes a user namespace first', () => {
    const commands: string[] = [];
    const options = machineOptions({ programs }, commands);
    const run: typeof options.run = (command, args) =>
      [command, ...args].includes('bwrap') && !args.includes('--unshare-user') ? undefined : '';
    const plan = planBubblewrap({ ...options, run });
    assert.deepEqual(missingLayers(plan), []);
    assert.ok(plan.prefix.includes('--unshare-user'));
  });

  test('without bwrap lacks its layers and names the package', () => {
    const { plan } = planOn({ programs: ['prlimit', 'ldd'] });
    const missing = layersOfTheMachine.filter((name) => !['memory', 'no-dumps'].includes(name));
    assert.deepEqual(missingLayers(plan), missing);
    assert.deepEqual(plan.prefix, ['prlimit', '--core=1:1', '--']);
    assert.equal(plan.inherited, undefined);
    for (const { active, detail } of plan.layers) if (!active) assert.match(detail, /apt-get install bubblewrap/);
  });

  test('with a bwrap that gets no namespaces says so, and does not say to install it', () => {
    const { plan } = planOn({ programs, without: ['--unshare-net'] });
    const { detail } = plan.layers.find(({ name }) => name === 'seccomp') ?? { detail: '' };
    assert.match(detail, /unprivileged_userns/);
    assert.doesNotMatch(detail, /apt-get/);
  });

  test('without prlimit lacks the bounds that it sets', () => {
    const { plan } = planOn({ programs: ['ldd', 'bwrap'] });
    assert.deepEqual(missingLayers(plan), ['memory', 'no-dumps']);
    assert.equal(plan.prefix[0], 'bwrap');
  });

  test('is tried on the interpreter itself', () => {
    const { commands } = planOn({ programs });
    assert.match(
      commands.find((line) => line.includes('bwrap')) ?? '',
      / -- \S*node --openssl-config=\/dev\/null -e 0$/,
    );
  });
});
