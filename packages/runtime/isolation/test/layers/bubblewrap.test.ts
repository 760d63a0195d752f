import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planBubblewrap } from '../../src/layers/bubblewrap.ts';
import { enclaveCommand } from '../../src/layers/command.ts';
import { planUtilLinux, type IsolationPlan } from '../../src/layers/plan.ts';
import {
  layersOfTheMachine,
  limitLayerNames,
  machineOptions,
  missingLayers,
  starterPath,
  type Machine,
  type Planned,
} from './isolation-machine.ts';

function planOn(machine: Machine): Planned {
  const commands: string[] = [];
  return { plan: planBubblewrap(machineOptions(machine, commands)), commands };
}

const programs = ['ldd', 'bwrap'];

const lineOf = (plan: IsolationPlan, user?: number): string =>
  enclaveCommand(plan, { heapSizeBytes: 1n, threads: 4, user }, process.execPath).join(' ');

describe('the isolation plan of bubblewrap', () => {
  test('has every layer with bwrap alone, and the layers of the other way in the same order', () => {
    const { plan } = planOn({ programs });
    assert.deepEqual(missingLayers(plan), []);
    const names = planUtilLinux(machineOptions({})).layers.map(({ name }) => name);
    assert.deepEqual(
      plan.layers.map(({ name }) => name),
      names,
    );
    assert.equal(plan.way, 'bubblewrap');
    const line = plan.prefix.join(' ');
    assert.match(line, /^bwrap --unshare-net --unshare-pid .* --seccomp 7 --$/);
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
    assert.deepEqual(bound, [process.execPath, '/etc/ld.so.cache', starterPath, '/dev/null']);
    assert.ok(plan.prefix.lastIndexOf('--remount-ro') > plan.prefix.lastIndexOf('--dev-bind'));
    // /proc would show the machine, and a container may forbid it.
    assert.ok(!plan.prefix.includes('--proc'));
  });

  test('of a root that may make no namespaces makes a user namespace first', () => {
    const commands: string[] = [];
    const options = machineOptions({ programs }, commands);
    const run: typeof options.run = (command, args) =>
      [command, ...args].includes('bwrap') && !args.includes('--unshare-user')
        ? undefined
        : options.run?.(command, args);
    const plan = planBubblewrap({ ...options, run });
    assert.deepEqual(missingLayers(plan), []);
    assert.ok(plan.prefix.includes('--unshare-user'));
  });

  test('without bwrap lacks its layers and names the package', () => {
    const { plan } = planOn({ programs: ['ldd'] });
    const missing = layersOfTheMachine.filter((name) => !['descriptors', 'no-dumps'].includes(name));
    assert.deepEqual(missingLayers(plan), missing);
    assert.deepEqual(plan.prefix, []);
    assert.equal(plan.inherited, undefined);
    for (const { name, active, detail } of plan.layers) {
      if (!active && name !== 'memory') assert.match(detail, /apt-get install bubblewrap/);
    }
  });

  test('with a bwrap that gets no namespaces says so, and does not say to install it', () => {
    const { plan } = planOn({ programs, without: ['--unshare-net'] });
    const { detail } = plan.layers.find(({ name }) => name === 'seccomp') ?? { detail: '' };
    assert.match(detail, /unprivileged_userns/);
    assert.doesNotMatch(detail, /apt-get/);
  });

  test('lacks all that the starter gives where it does not run', () => {
    const options = machineOptions({ programs });
    const run: typeof options.run = (command, args, file) =>
      command === starterPath ? undefined : options.run?.(command, args, file);
    const plan = planBubblewrap({ ...options, run });
    assert.deepEqual(missingLayers(plan), [...limitLayerNames, 'threads']);
    assert.match(lineOf(plan), /^bwrap /);
  });

  test('closes what is above the descriptor of the filter', () => {
    assert.ok(lineOf(planOn({ programs }).plan).startsWith(`${starterPath} c8 r7 v1024 `));
  });

  test('of an ordinary user makes a user namespace, in which its threads are counted alone', () => {
    const { plan } = planOn({ programs, userId: 1000 });
    assert.deepEqual(plan.threads, { by: 'limit' });
    assert.ok(plan.prefix.includes('--unshare-user'));
    assert.match(lineOf(plan), / --seccomp 7 -- \/cache\/enclos-start r6 v80 - \S*node$/);
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
  const setpriv = '/bin/setpriv';

  test('has every layer, and changes the user inside, of a root folder that has setpriv and its name', () => {
    const { plan } = planOn({ programs: separated, enclaveUser });
    assert.deepEqual(missingLayers(plan), []);
    const line = lineOf(plan, 61_007);
    assert.match(line, /^\/cache\/enclos-start c8 [^/]* - \S*bwrap /);
    assert.match(
      line,
      / --seccomp 7 -- \/bin\/setpriv --reuid 61007 --regid 61007 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all -- \/cache\/enclos-start r6 v80 - \S*node$/,
    );
    assert.ok(plan.prefix.some((word, i) => word === '--ro-bind' && plan.prefix[i + 2] === setpriv));
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
    const tried = commands.filter((line) => line.includes('--seccomp '));
    assert.ok(tried.length > 0);
    assert.ok(tried.every((line) => line.includes('setpriv --reuid 61000 --regid 61000 --clear-groups')));
  });

  test('makes no user namespace, in which root could not become another user', () => {
    const { plan, commands } = planOn({ programs: separated, enclaveUser, without: ['--unshare-net'] });
    assert.ok(missingLayers(plan).includes('namespaces'));
    assert.ok(!commands.some((line) => line.includes('--unshare-user')));
    assert.match(plan.layers.find(({ name }) => name === 'namespaces')?.detail ?? '', /SYS_ADMIN/);
    assert.throws(() => lineOf(plan, 61_007), RangeError);
  });

  test('is not there without setpriv', () => {
    const { plan } = planOn({ programs, enclaveUser });
    assert.ok(missingLayers(plan).includes('privileges'));
  });
});
