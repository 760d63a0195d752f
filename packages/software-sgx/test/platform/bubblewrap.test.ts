import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planBubblewrap } from '../../src/platform/isolation/bubblewrap.ts';
import { commandPrefix, planUtilLinux } from '../../src/platform/isolation/plan.ts';
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

describe('the isolation plan of bubblewrap for enclaves with users of their own', () => {
  const enclaveUser = 61_000;
  const separated = [...programs, 'setpriv'];

  test('has every layer, and changes the user inside, of a root folder that has setpriv and its name', () => {
    const { plan } = planOn({ programs: separated, enclaveUser });
    assert.deepEqual(missingLayers(plan), []);
    const line = commandPrefix(plan, 1n, { user: 61_007 }).join(' ');
    assert.match(line, /^prlimit --data=\d+ -- prlimit --core=1:1 -- bwrap /);
    assert.match(
      line,
      / --seccomp 7 -- \/bin\/setpriv --reuid 61007 --regid 61007 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all --$/,
    );
    assert.ok(plan.prefix.some((word, i) => word === '--ro-bind' && plan.prefix[i + 2] === '/bin/setpriv'));
    assert.deepEqual(
      plan.layers.map(({ name }) => name),
      planUtilLinux(machineOptions({})).layers.map(({ name }) => name),
    );
  });

  test('leaves root the capabilities that the change takes, and no more', () => {
    const { plan } = planOn({ programs: separated, enclaveUser });
    const kept = plan.prefix.flatMap((word, i) => (word === '--cap-add' ? [plan.prefix[i + 1]] : []));
    assert.deepEqual(kept, ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP']);
    assert.ok(plan.prefix.indexOf('--cap-add') > plan.prefix.indexOf('--cap-drop'));
  });

  test('leaves the first process of the namespace to root: one of another user would outlive a killed platform', () => {
    const { plan } = planOn({ programs: separated, enclaveUser });
    assert.ok(!plan.prefix.includes('--as-pid-1'));
    assert.ok(planOn({ programs }).plan.prefix.includes('--as-pid-1'));
  });

  test('makes every folder of the view, so that the user can pass through it', () => {
    const { plan } = planOn({ programs: separated, enclaveUser });
    const made = plan.prefix.flatMap((word, i) => (word === '--dir' ? [plan.prefix[i + 1] ?? ''] : []));
    const bound = plan.prefix.flatMap((word, i) => (word === '--ro-bind' ? [plan.prefix[i + 2] ?? ''] : []));
    for (const path of [...made, ...bound]) {
      const above = path.slice(0, path.lastIndexOf('/'));
      assert.ok(above === '' || made.includes(above), path);
    }
    assert.ok(plan.prefix.lastIndexOf('--dir') < plan.prefix.indexOf('--ro-bind'));
  });

  test('is tried under a user of an enclave', () => {
    const { commands } = planOn({ programs: separated, enclaveUser });
    const tried = commands.filter((line) => line.includes('--seccomp'));
    assert.ok(tried.length > 0);
    assert.ok(tried.every((line) => line.includes('setpriv --reuid 61000 --regid 61000 --clear-groups')));
  });

  test('makes no user namespace, in which root could not become another user', () => {
    const { plan, commands } = planOn({ programs: separated, enclaveUser, without: ['--unshare-net'] });
    assert.ok(missingLayers(plan).includes('namespaces'));
    assert.ok(!commands.some((line) => line.includes('--unshare-user')));
    assert.match(plan.layers.find(({ name }) => name === 'namespaces')?.detail ?? '', /SYS_ADMIN/);
    assert.throws(() => commandPrefix(plan, 1n, { user: 61_007 }), RangeError);
  });

  test('is not there without setpriv', () => {
    const { plan } = planOn({ programs, enclaveUser });
    assert.ok(missingLayers(plan).includes('privileges'));
  });
});
