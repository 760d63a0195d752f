import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { enclaveCommand, type EnclaveNeeds } from '../../src/layers/command.ts';
import { planUtilLinux, requireIsolation, type IsolationPlan } from '../../src/layers/plan.ts';
import {
  layersOfTheMachine,
  limitLayerNames,
  machineOptions,
  missingLayers,
  starterPath,
  type Machine,
  type Planned,
} from './isolation-machine.ts';

const interpreterPath = process.execPath;

function planOn(machine: Machine): Planned {
  const commands: string[] = [];
  return { plan: planUtilLinux(machineOptions(machine, commands)), commands };
}

function commandOf(plan: IsolationPlan, needs: Partial<EnclaveNeeds> = {}): readonly string[] {
  return enclaveCommand(plan, { heapSizeBytes: 1n, threads: 4, ...needs }, interpreterPath);
}

describe('the isolation plan of util-linux', () => {
  test('of a machine with everything has every layer and all wrappers in their order', () => {
    const { plan } = planOn({});
    assert.deepEqual(missingLayers(plan), []);
    assert.deepEqual(
      plan.layers.map(({ name }) => name),
      ['interpreter', 'authority', 'environment', ...layersOfTheMachine],
    );
    const line = plan.prefix.join(' ');
    assert.match(line, /^setpriv --pdeathsig KILL -- unshare --net .*--kill-child=SIGKILL -- setpriv --no-new-privs /);
    assert.match(line, /--seccomp-filter \/run\/filter\.bpf --$/);
    assert.equal(plan.prefix.filter((word) => word === '--no-new-privs').length, 1);
  });

  test('ties the outermost process to the platform: what is inside unshare would outlive a killed platform', () => {
    const { plan } = planOn({});
    assert.ok(plan.prefix.indexOf('--pdeathsig') < plan.prefix.indexOf('unshare'));
  });

  test('of a machine without util-linux has no wrapper, and says how to get each layer', () => {
    const { plan } = planOn({ programs: [] });
    assert.deepEqual(plan.prefix, []);
    // The starter is the platform's own. Without the filter memory can be shared, which no limit counts.
    const own = ['descriptors', 'no-dumps'];
    assert.deepEqual(
      missingLayers(plan).filter((name) => name !== 'threads'),
      layersOfTheMachine.filter((name) => ![...own, 'threads'].includes(name)),
    );
    const missing = plan.layers.filter(({ active }) => !active);
    for (const { name, detail } of missing) assert.match(detail, /Install|Run|filter/, name);
  });

  test('of a user without user namespaces lacks the namespaces alone', () => {
    const { plan } = planOn({ without: ['unshare'], userId: 1000 });
    // Beside its other processes, RLIMIT_NPROC of the user would count this one too.
    assert.deepEqual(missingLayers(plan), ['threads', 'namespaces']);
    assert.ok(!plan.prefix.includes('unshare'));
    assert.deepEqual(plan.prefix.slice(0, 5), ['setpriv', '--pdeathsig', 'KILL', '--', 'setpriv']);
  });

  test('of a user with user namespaces makes one', () => {
    // Without the user namespace, unshare needs root: the first form fails.
    const { plan } = planOn({ userId: 1000 });
    assert.deepEqual(missingLayers(plan), []);
    assert.ok(plan.prefix.includes('--map-current-user'));
    assert.deepEqual(plan.threads, { by: 'limit' });
  });

  test('of a kernel without Landlock lacks the file view alone', () => {
    const { plan } = planOn({ without: ['--landlock-access'] });
    assert.deepEqual(missingLayers(plan), ['file-view']);
    assert.ok(plan.prefix.includes('--seccomp-filter'));
    assert.ok(!plan.prefix.some((word) => word.startsWith('--landlock')));
  });

  test('of a setpriv without seccomp lacks the filter alone', () => {
    const { plan } = planOn({ without: ['--seccomp-filter'] });
    assert.deepEqual(missingLayers(plan), ['memory', 'seccomp']);
    assert.match(
      plan.layers.find(({ name }) => name === 'memory')?.detail ?? '',
      /^Private memory is bounded\. Shared/,
    );
    assert.ok(plan.prefix.includes('--landlock-access'));
  });

  test('of root without SETPCAP lacks the privileges, since root could raise what it did not drop', () => {
    const { plan } = planOn({ without: ['--bounding-set=-all'] });
    assert.deepEqual(missingLayers(plan), ['privileges']);
    assert.equal(plan.prefix.filter((word) => word === '--no-new-privs').length, 1);
  });

  test('of a user without SETPCAP has the privileges layer: that none can be had is enough', () => {
    const { plan } = planOn({ without: ['--bounding-set=-all'], userId: 1000 });
    assert.deepEqual(missingLayers(plan), []);
  });

  test('of a folder from which no program runs lacks all that the starter gives', () => {
    const { plan } = planOn({ without: [starterPath] });
    assert.deepEqual(missingLayers(plan), [...limitLayerNames, 'threads']);
    assert.ok(!commandOf(plan).includes(starterPath));
    assert.deepEqual(commandOf(plan), [...plan.prefix, interpreterPath]);
  });

  for (const [layer, word] of [
    ['descriptors', 'c8'],
    ['memory', 'r2'],
    ['no-dumps', 'e1'],
  ] as const) {
    test(`of a machine that does not set the limit of ${layer} lacks it alone, and sets the others`, () => {
      const { plan } = planOn({ without: [word] });
      assert.deepEqual(missingLayers(plan), [layer]);
      const command = commandOf(plan);
      assert.equal(command[0], starterPath);
      assert.ok(!command.slice(0, command.indexOf('-')).includes(word.replace('c8', 'c7')));
    });
  }

  test('starts everything by the starter, with the path of the next program, since it looks for none', () => {
    const command = commandOf(planOn({}).plan);
    assert.equal(command[0], starterPath);
    assert.match(command[command.indexOf('-') + 1] ?? '', /^\/.*\/setpriv$/);
  });

  test('closes every descriptor above those of the enclave, and keeps 1024 at most', () => {
    const command = commandOf(planOn({}).plan);
    assert.deepEqual(command.slice(1, 4), ['c7', 'r7', 'v1024']);
  });

  test('bounds the memory of each enclave by its heap, around everything else', () => {
    const { plan } = planOn({});
    const [small = [], large = []] = [16n, 1024n].map((mebibytes) =>
      commandOf(plan, { heapSizeBytes: mebibytes * 1024n * 1024n }),
    );
    const bytesOf = (words: readonly string[], resource: string): bigint =>
      BigInt(words[words.indexOf(resource) + 1]?.replace('v', '') ?? 0);
    for (const resource of ['r2', 'r9']) {
      assert.equal(bytesOf(large, resource) - bytesOf(small, resource), 2n * 1008n * 1024n * 1024n);
    }
    assert.ok(small.indexOf('r2') < small.indexOf('-'));
    assert.equal(bytesOf(small, 'r3'), 8n * 1024n * 1024n);
  });

  test('enters the cgroups of an enclave before everything else', () => {
    const command = commandOf(planOn({}).plan, { cgroups: ['/sys/fs/cgroup/memory/pod', '/sys/fs/cgroup/pids/pod'] });
    const words = ['j/sys/fs/cgroup/memory/pod/cgroup.procs', 'j/sys/fs/cgroup/pids/pod/cgroup.procs'];
    assert.deepEqual(command.slice(0, 3), [starterPath, ...words]);
  });

  test('tries each inner layer on the interpreter itself, inside the outer ones', () => {
    const { commands } = planOn({});
    // What is left bounds the threads, with all layers.
    const tried = commands.filter((line) => line.includes('--seccomp-filter') && !line.includes('/cgroup/'));
    assert.equal(tried.length, 1);
    assert.match(
      tried[0] ?? '',
      /^setpriv --pdeathsig .* unshare .* setpriv .* -- \S*node --openssl-config=\/dev\/null -e 0$/,
    );
  });
});

describe('the isolation plan of a separated platform', () => {
  const asUser = '--reuid 61007 --regid 61007 --clear-groups';

  test('changes the user in the innermost wrapper, and ties it to the platform again behind the change', () => {
    const { plan } = planOn({ enclaveUser: 61_000 });
    assert.deepEqual(missingLayers(plan), []);
    const line = commandOf(plan, { user: 61_007 }).join(' ');
    assert.ok(line.includes(`--kill-child=SIGKILL -- setpriv ${asUser} --no-new-privs --bounding-set=-all`), line);
    // The bound of its threads comes after the change, since it is one of the user.
    assert.match(
      line.slice(line.indexOf(asUser)),
      /^[^/]+ --pdeathsig KILL -- \/cache\/enclos-start r6 v80 - \S*setpriv --no-new-privs --landlock-access /,
    );
    assert.ok(!commandOf(plan).includes('--reuid'));
  });

  test('is tried under a user of an enclave, layer by layer', () => {
    const { commands } = planOn({ enclaveUser: 61_000 });
    const inner = commands.filter((line) => line.includes('--no-new-privs'));
    assert.ok(inner.length >= 3);
    assert.ok(inner.every((line) => line.includes('setpriv --reuid 61000 --regid 61000 --clear-groups')));
  });

  test('makes no user namespace, in which root could not become another user', () => {
    const { plan, commands } = planOn({ enclaveUser: 61_000, without: ['unshare'] });
    assert.deepEqual(missingLayers(plan), ['namespaces']);
    assert.ok(!commands.some((line) => line.includes('--map-current-user')));
    assert.match(commandOf(plan, { user: 61_007 }).join(' '), /--pdeathsig KILL -- setpriv --reuid 61007 /);
  });

  test('of a machine that changes no users has no privileges layer', () => {
    const { plan } = planOn({ enclaveUser: 61_000, without: ['--reuid'] });
    assert.ok(missingLayers(plan).includes('privileges'));
    assert.ok(!missingLayers(planOn({ enclaveUser: 61_000 }).plan).includes('privileges'));
  });
});

describe('requireIsolation', () => {
  const full = planOn({}).plan;
  const bare = planOn({ programs: [] }).plan;

  test('strict takes a machine with every layer', () => requireIsolation(full, 'strict'));
  test('best takes what there is', () => {
    requireIsolation(full, 'best');
    requireIsolation(bare, 'best');
  });
  test('strict refuses a machine that lacks one, and names it', () => {
    const lacking = planOn({ without: ['--landlock-access'] }).plan;
    assert.throws(() => requireIsolation(lacking, 'strict'), {
      code: 'ISOLATION_UNAVAILABLE',
      message: 'Strict isolation lacks: file-view.',
      details: { missing: ['file-view'] },
    });
    assert.throws(() => requireIsolation(bare, 'strict'), { details: { missing: missingLayers(bare) } });
  });
});
