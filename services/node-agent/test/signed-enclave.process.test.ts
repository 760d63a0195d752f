import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { generateSigningKey } from '@enclos/sgx/node';
import { intelEdl, intelEnclave, openEnclave, openEnclaveEdl } from '@enclos/sgx-image-kit';
import { nativeCompilers, nativeTest, until, withinMs } from '@enclos/testkit';
import { loadDefinitions } from '../src/plugin/definitions.ts';
import {
  agentSkipped,
  createAgentSite,
  enclaves,
  enclaveUsers,
  type AgentSite,
  type RunningAgent,
} from './agent-site.ts';
import { startFakeKubelet, type FakeKubelet, type KnownPlugin } from './fake-kubelet.ts';
import { nodeCgroups, type PodCgroup } from './pod-cgroups.ts';
import type { Pod } from './pod.ts';

const node = nodeCgroups();
const canBuild = process.arch === 'x64' && nativeCompilers.length > 0;

describe('a signed enclave of another SDK in a pod', { skip: agentSkipped() }, () => {
  let site: AgentSite;
  let kubelet: FakeKubelet;
  let agent: RunningAgent;
  let plugin: KnownPlugin;
  const folder = mkdtempSync(join(tmpdir(), 'enclos-signed-pod-'));

  before(async () => {
    if (!canBuild) return;
    // What a container image holds is for its user to read.
    chmodSync(folder, 0o755);
    site = await createAgentSite();
    kubelet = await startFakeKubelet({ definitions: loadDefinitions(), folder: site.kubeletFolder });
    agent = site.agent(...(node === undefined ? ['--no-cgroup'] : ['--cgroup-root', node.root]));
    plugin = await kubelet.plugin(softwareResource);
    const isHealthy = plugin.until(({ devices }) => devices.every(({ health }) => health === 'Healthy'));
    await withinMs(60_000, isHealthy);
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    if (!canBuild) return;
    await kubelet.stop();
    await site.close();
  });

  const cgroupOf = (name: string): PodCgroup | undefined => (node === undefined ? undefined : site.cgroup(name));
  const podOf = async (device: number, cgroup: PodCgroup | undefined): Promise<Pod> => {
    const { container_responses: answers } = await plugin.allocate([`software-sgx-${device}`]);
    const pod = site.pod(answers[0] ?? {}, { cgroup });
    await pod.does('connect');
    return pod;
  };
  const filesOf = (name: string, signed: Uint8Array, edl: string): readonly [image: string, edl: string] => {
    const [image, path] = [join(folder, `${name}.signed`), join(folder, `${name}.edl`)];
    writeFileSync(image, signed);
    writeFileSync(path, edl);
    return [image, path];
  };

  for (const [device, [name, make, edl]] of [
    ['intel', intelEnclave, intelEdl] as const,
    ['open-enclave', openEnclave, openEnclaveEdl] as const,
  ].entries()) {
    nativeTest(`runs on the platform of the agent, as a user of its device: ${name}`, async () => {
      const { signed, mrEnclave } = make({ key: generateSigningKey() });
      const cgroup = cgroupOf(name);
      const pod = await podOf(device, cgroup);
      const measured = await pod.does('loadSigned', ...filesOf(name, signed, edl));
      assert.equal(measured, Buffer.from(mrEnclave).toString('hex'));
      assert.equal(await pod.does('ask', '21'), 42);
      // Twelve users for three devices.
      const parts = enclaves().map(({ user }) => Math.floor((user - enclaveUsers.first) / 4));
      assert.deepEqual([...new Set(parts)], [device]);
      // Its memory counts as its pod's.
      for (const { cgroups } of cgroup === undefined ? [] : enclaves()) {
        assert.ok([...cgroups.values()].includes(cgroup?.path ?? ''), JSON.stringify([...cgroups]));
      }
      assert.equal(await pod.does('processes'), 1, 'it sees no process of its enclave');
      await pod.end();
      await until('its enclave ends with the pod', () => enclaves().length === 0);
    });
  }

  nativeTest('ends with its agent, and the pod hears of it', async () => {
    const { signed } = intelEnclave({ key: generateSigningKey() });
    const pod = await podOf(0, cgroupOf('spinning'));
    await pod.does('loadSigned', ...filesOf('spinning', signed, intelEdl));
    const pending = pod.fails('spin');
    await until('it runs', () => enclaves().length > 0);
    await agent.stop('SIGKILL');
    assert.equal((await pending).refused, 'ENCLAVE_LOST');
    await until('no process is left', () => enclaves().length === 0);
    await pod.end();
  });
});
