import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { until, withinMs } from '@enclos/testkit';
import { capabilitiesOf } from '../src/manifests/privileges.ts';
import { loadDefinitions } from '../src/plugin/definitions.ts';
import { agentSkipped, createAgentSite, enclaves, type AgentSite, type RunningAgent } from './agent-site.ts';
import { all } from './broken-agent.ts';
import { withRightsOf } from './daemonset.ts';
import { startFakeKubelet, type FakeKubelet } from './fake-kubelet.ts';
import { nodeCgroups } from './pod-cgroups.ts';
import type { Pod } from './pod.ts';

// Takes each privilege away in turn. What fails then is what the table in the README of the agent says; what fails nowhere
// is not asked for.

const skip = agentSkipped();
const node = nodeCgroups();
const cgroupSkipped = node === undefined && 'needs cgroups that count memory';
const hello = Buffer.from('hello').toString('base64');
const definitions = loadDefinitions();

const software = { devices: 3, claims: 0, hasCgroups: true, entersNode: true };
const hardware = { devices: 0, claims: 0, hasCgroups: false, entersNode: true };
const asked = withRightsOf(capabilitiesOf(software));
const without = (name: string): readonly string[] =>
  withRightsOf(capabilitiesOf(software).filter((one) => one !== name));

/** A process namespace, whose first process reaps the others as the pause container does. */
const ownProcesses = 'unshare --pid --fork --mount-proc --kill-child=SIGKILL -- sh -c'
  .split(' ')
  .concat('"$@"; exit $?', 'sh');

/** What a container would not have, by a mount namespace in which the script has changed it. */
function changed(script: string, ...places: readonly string[]): readonly string[] {
  const shifts = places.map((_, i) => `p${i + 1}="$${i + 1}"`).join('; ');
  const text = `set -e; ${shifts}; shift ${places.length}; ${script}; exec "$@"`;
  return ['unshare', '--mount', '--', 'sh', '-c', text, 'sh', ...places];
}
const readOnly = (path: string): readonly string[] =>
  changed('mount --rbind "$p1" "$p1"; mount -o remount,bind,ro "$p1"', path);

describe('an agent with software devices', { skip }, () => {
  let site: AgentSite;
  let kubelet: FakeKubelet;
  before(async () => {
    site = await createAgentSite();
    kubelet = await startFakeKubelet({ definitions, folder: site.kubeletFolder });
  });
  after(async () => {
    await kubelet.stop();
    await site.close();
  });
  const alone = (): readonly string[] => [...site.softwareWords, '--no-cgroup'];
  const counting = (): readonly string[] => [...site.softwareWords, '--cgroup-root', node?.root ?? ''];

  interface Serving {
    readonly pod: Pod;
    readonly end: () => Promise<void>;
  }

  /** A pod that has a device of an agent. */
  async function podOf(agent: RunningAgent, isCounted: boolean): Promise<Serving> {
    await withinMs(60_000, agent.said('platform-ready'));
    const plugin = kubelet.plugins.at(-1);
    if (plugin === undefined) throw new Error('It has not registered.');
    await withinMs(60_000, plugin.until(all('Healthy')));
    const { container_responses: answers } = await plugin.allocate(['software-sgx-0']);
    const cgroup = isCounted ? site.cgroup(`privileges-${kubelet.plugins.length}`) : undefined;
    const pod = site.pod(answers[0] ?? {}, { cgroup });
    return {
      pod,
      async end() {
        await pod.end();
        await agent.stop('SIGKILL');
        await until('no enclave is left', () => enclaves().length === 0);
        await plugin.gone;
      },
    };
  }

  async function calls(pod: Pod): Promise<void> {
    await pod.does('connect');
    await pod.does('load');
    assert.equal(await pod.does('echo', hello), hello);
  }

  /** Ends an agent that has told the kubelet of no device that works. */
  async function endsUnhealthy(agent: RunningAgent): Promise<void> {
    const { lists, gone } = kubelet.plugins.at(-1) ?? {};
    assert.ok(lists?.every(all('Unhealthy')));
    await agent.stop('SIGKILL');
    await gone;
  }

  /** Whether no device of it works, and with which code in its log. */
  async function failsDevices(before_: readonly string[], code: string): Promise<void> {
    const agent = site.agentUnder(before_, counting());
    await withinMs(60_000, agent.said('platform-ready'));
    assert.equal((await withinMs(60_000, agent.said('device-failed')))['code'], code);
    await endsUnhealthy(agent);
  }

  /** What keeps it from starting. */
  async function failsWith(before_: readonly string[], argv: readonly string[]): Promise<readonly unknown[]> {
    const { code, message } = await withinMs(60_000, site.agentUnder(before_, argv).said('failed'));
    return [code, message];
  }

  for (const name of ['KILL', 'SETGID', 'SETPCAP', 'SETUID']) {
    test(`does not start without ${name}, and says that it lacks it`, async () => {
      const message = `Root lacks the capabilities ${name} here.`;
      assert.deepEqual(await failsWith(without(name), alone()), ['PLATFORM_SEPARATION_UNAVAILABLE', message]);
    });
  }

  test('has no healthy device without SYS_ADMIN: enclaves get no namespaces', async () => {
    const agent = site.agentUnder(without('SYS_ADMIN'), alone());
    const { code, message, next } = await withinMs(60_000, agent.said('device-failed'));
    assert.deepEqual(
      [code, message],
      ['AGENT_ISOLATION_INCOMPLETE', 'Enclaves lack layers of isolation here: namespaces.'],
    );
    assert.match(String(next), /privileges of its manifest.*or start the agent with --allow-missing-isolation/);
    await endsUnhealthy(agent);
  });

  test('serves pods without SYS_ADMIN where that is allowed, and says what is missing', async () => {
    const agent = site.agentUnder(without('SYS_ADMIN'), [...alone(), '--allow-missing-isolation']);
    const { pod, end } = await podOf(agent, false);
    assert.equal((await agent.said('platform-ready'))['isolationMissing'], 'namespaces');
    await calls(pod);
    await end();
  });

  test('has every layer of isolation, and counts, with what it asks for', { skip: cgroupSkipped }, async () => {
    const agent = site.agentUnder(asked, counting());
    const { pod, end } = await podOf(agent, true);
    const { isolationMissing, accounting } = await agent.said('platform-ready');
    assert.deepEqual([isolationMissing, accounting], ['', `pod (${node?.controllers.join(', ')})`]);
    await calls(pod);
    await end();
  });

  test('that counts in pods has no healthy device without hostPID: no process is known', { skip: cgroupSkipped }, () =>
    failsDevices([...ownProcesses, ...asked], 'AGENT_CALLER_UNKNOWN'),
  );

  test('that counts in pods has no healthy device when the cgroups are read-only', { skip: cgroupSkipped }, () => {
    const folders = node?.version === 1 ? node.controllers.map((name) => join(node.root, name)) : [node?.root ?? ''];
    const script = folders.map((_, i) => `mount -o remount,bind,ro "$p${i + 1}"`).join('; ');
    return failsDevices([...changed(script, ...folders), ...asked], 'AGENT_CGROUP_UNAVAILABLE');
  });

  test('that counts in pods does not start without the cgroups of the node', { skip: cgroupSkipped }, async () => {
    const empty = mkdtempSync(join(site.folder, 'none-'));
    const [code] = await failsWith(asked, [...site.softwareWords, '--cgroup-root', empty]);
    assert.equal(code, 'AGENT_CGROUP_UNAVAILABLE');
  });

  test('that counts for itself serves pods without hostPID, and leaves nothing of its enclaves', async () => {
    const agent = site.agentUnder([...ownProcesses, ...asked], alone());
    const { pod, end } = await podOf(agent, false);
    for (let i = 0; i < 2; i += 1) {
      await calls(pod);
      await pod.does('dispose');
    }
    await until('nothing is left to be reaped', () => deadBelow(agent.processId) === 0);
    await end();
  });

  test('does not start where it cannot write its sockets, or on a new node its keys or its interpreter', async () => {
    const startsOn = async (option: '--runtime' | '--state' | '--cache'): Promise<readonly unknown[]> => {
      const words = [...alone()];
      const folder = mkdtempSync(join(site.folder, 'new-'));
      chmodSync(folder, 0o711);
      words[words.indexOf(option) + 1] = folder;
      const [code, message] = await failsWith([...readOnly(folder), ...asked], words);
      return [code, String(message).replaceAll(folder, 'FOLDER')];
    };
    assert.deepEqual(await startsOn('--runtime'), [
      'AGENT_FOLDER_REFUSED',
      'The agent cannot listen at FOLDER/agent.sock.',
    ]);
    const refusal = 'could not be written: the file system is read-only (EROFS).';
    assert.deepEqual(await startsOn('--state'), ['PLATFORM_STORAGE_FAILED', `FOLDER/vendor ${refusal}`]);
    assert.equal((await startsOn('--cache'))[0], 'INTERPRETER_NOT_COPIED');
  });

  test('enters the cgroup namespace of the node with SYS_PTRACE and SYS_ADMIN, and not without one of them', () => {
    // This process has what the first process of a node has, and more than the agent.
    const enters = (rights: readonly string[]): boolean => {
      const [command = '', ...args] = rights;
      const words = [...args, 'nsenter', `--target=${process.pid}`, '--cgroup', '--', 'true'];
      return spawnSync(command, words, { stdio: 'ignore' }).status === 0;
    };
    const withPtrace = (names: readonly string[]): readonly string[] =>
      withRightsOf(names).map((word) => word.replace('=-all', '=-all,+sys_ptrace'));
    const kept = capabilitiesOf(software).filter((name) => name !== 'SYS_PTRACE');
    assert.ok(enters(withPtrace(kept)));
    assert.ok(!enters(withRightsOf(kept)));
    assert.ok(!enters(withPtrace(kept.filter((name) => name !== 'SYS_ADMIN'))));
  });
});

describe('an agent with hardware only', { skip }, () => {
  test('gives it to pods as root without any capability, among its own processes', async (t) => {
    const site = await createAgentSite();
    t.after(() => site.close());
    const kubelet = await startFakeKubelet({ definitions, folder: site.kubeletFolder });
    t.after(() => kubelet.stop());
    const devices = join(site.folder, 'dev');
    mkdirSync(devices);
    // What the driver of a machine with SGX makes. Number 1:3 is that of /dev/null.
    const script = ['enclave', 'provision']
      .map((name) => `mknod "$p1/sgx_${name}" c 1 3; mkdir "$p2/sgx_${name}"; echo 1:3 > "$p2/sgx_${name}/dev"`)
      .join('; ');
    const machine = changed(`mount -t tmpfs none "$p2"; ${script}`, devices, '/sys/class/misc');
    const rights = withRightsOf(capabilitiesOf(hardware));
    const words = ['--devices', '0', '--device-folder', devices, '--kubelet', site.kubeletFolder];
    const agent = site.agentUnder([...ownProcesses, ...machine, ...rights], words);
    await withinMs(60_000, agent.said('started'));
    const plugin = await withinMs(60_000, kubelet.plugin('sgx.intel.com/enclave'));
    await withinMs(
      60_000,
      plugin.until((list) => list.devices.length === 110),
    );
    const { container_responses: answers } = await plugin.allocate(['sgx-enclave-0']);
    assert.deepEqual(
      answers[0]?.devices?.map(({ host_path: path }) => path),
      ['/dev/sgx_enclave'],
    );
    assert.ok(kubelet.plugins.every(({ request }) => request.resource_name !== softwareResource));
    assert.deepEqual(capabilitiesOf(hardware), []);
    await agent.stop('SIGKILL');
  });
});

/** How many processes below one have ended and were not reaped. */
function deadBelow(root: number): number {
  const processes = readdirSync('/proc').flatMap((name) => {
    try {
      const [, id, state, parent] = /^(\d+) \(.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return id === undefined ? [] : [{ id: Number(id), state, parent: Number(parent) }];
    } catch {
      return [];
    }
  });
  const below = new Set([root]);
  for (let size = 0; size < below.size;) {
    size = below.size;
    for (const { id, parent } of processes) if (below.has(parent)) below.add(id);
  }
  return processes.filter(({ id, state }) => below.has(id) && state === 'Z').length;
}
