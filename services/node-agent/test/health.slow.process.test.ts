import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { until, withinMs } from '@enclos/testkit';
import { loadDefinitions } from '../src/plugin/definitions.ts';
import type { ContainerAllocation } from '../src/plugin/messages.ts';
import { agentSkipped, createAgentSite, type AgentSite } from './agent-site.ts';
import { all, isBroken } from './broken-agent.ts';
import { startFakeKubelet, type FakeKubelet, type KnownPlugin } from './fake-kubelet.ts';
import { nodeCgroups } from './pod-cgroups.ts';
import { createSyncLoop } from './sync-loop.ts';

const definitions = loadDefinitions();
const node = nodeCgroups();
const cgroupWords = node === undefined ? ['--no-cgroup'] : ['--cgroup-root', node.root];
/** Every mount of cgroups becomes read-only, in mounts of its own. $0 is a program, the others its arguments. */
const readOnlyCgroups = `
  set -e
  mount --make-rprivate /
  while read -r _ at type _; do
    case "$type" in cgroup*) mount -o remount,bind,ro "$at";; esac
  done < /proc/mounts
  exec "$0" "$@"
`;
describe('the health of a node', { skip: agentSkipped() }, () => {
  let site: AgentSite;
  let kubelet: FakeKubelet;
  const loop = createSyncLoop();
  const rebooted = { uid: 'a', resource: softwareResource };
  let allocation: ContainerAllocation | undefined;

  before(async () => {
    site = await createAgentSite();
    kubelet = await startFakeKubelet({ definitions, folder: site.kubeletFolder });
  });
  after(async () => {
    await kubelet.stop();
    await site.close();
  });

  const known = async (): Promise<KnownPlugin> => {
    const { length } = kubelet.plugins;
    await until('an agent registers', () => kubelet.plugins.length > length);
    const plugin = kubelet.plugins.at(-1);
    assert.ok(plugin !== undefined);
    return plugin;
  };

  const counts = { skip: node === undefined && 'needs cgroups that count memory' };

  test('is bad, with a reason, when enclaves cannot be moved into the cgroups of pods', counts, async () => {
    const words = ['unshare', '--mount', 'sh', '-c', readOnlyCgroups];
    const agent = site.agentBy(words, ...cgroupWords, '--metrics', '127.0.0.1:0');
    await isBroken(kubelet, agent, {
      code: 'AGENT_CGROUP_UNAVAILABLE',
      message: /A process that is started as enclaves are cannot enter/,
    });
  });

  test('of a hung agent costs the kubelet ten seconds, then its call fails and the agent has ended', async () => {
    const registered = known();
    const agent = site.agent(...cgroupWords);
    const plugin = await registered;
    await withinMs(60_000, plugin.until(all('Healthy')));
    loop.know(plugin);
    const given = await loop.admit(rebooted);
    const [child] = childrenOf(agent.processId);
    assert.ok(child !== undefined);
    process.kill(child, 'SIGSTOP');
    const calledAt = performance.now();
    const refused = assert.rejects(loop.admit({ uid: 'b', resource: softwareResource }), /14 UNAVAILABLE/);
    // A pod without devices, which the kubelet admits after that one.
    await withinMs(60_000, loop.admit({ uid: 'c' }));
    await refused;
    assert.ok(performance.now() - calledAt < 60_000, `${performance.now() - calledAt} ms`);
    assert.match(String((await agent.said('stuck'))['message']), /has not reported for 8 seconds, and is killed/);
    await plugin.gone;
    allocation = given;
  });

  test('is good again after a reboot: a pod of the checkpoint finds its folder, once the agent has registered', async () => {
    rmSync(site.runtimeFolder, { recursive: true, force: true });
    loop.reboot();
    await assert.rejects(
      loop.admit(rebooted),
      /^Error: Allocate failed due to no healthy devices present; cannot allocate/,
    );
    const registered = known();
    const agent = site.agent(...cgroupWords);
    const plugin = await registered;
    await withinMs(60_000, plugin.until(all('Healthy')));
    loop.know(plugin);
    assert.deepEqual(await loop.admit(rebooted), allocation);
    const [mount] = allocation?.mounts ?? [];
    const pod = site.pod(allocation ?? {}, { cgroup: node === undefined ? undefined : site.cgroup('rebooted') });
    assert.deepEqual(readdirSync(mount?.host_path ?? ''), ['platform.sock']);
    await pod.does('connect');
    await pod.does('load');
    await agent.stop('SIGTERM');
  });
});

/** By what the kernel shows. */
function childrenOf(processId: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1] === `${processId}`;
      } catch {
        return false;
      }
    })
    .map(Number);
}
