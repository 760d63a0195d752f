import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { containerTest, createPodman, seenAt, serviceImage, until, withinMs } from '@enclos/testkit';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { loadDefinitions } from '../src/plugin/definitions.ts';
import { agentSkipped, createAgentSite, enclaves, enclaveUsers } from './agent-site.ts';
import { agentPod } from './daemonset.ts';
import { nodeCgroups } from './pod-cgroups.ts';
import { startFakeKubelet } from './fake-kubelet.ts';

const image = 'localhost/enclos-node-agent:1';
const hello = Buffer.from('hello').toString('base64');
const cleanups: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

containerTest(
  'the image of the agent, with what its DaemonSet gives it, serves pods, and ends with all enclaves',
  async (t) => {
    const reason = agentSkipped();
    if (reason !== false) return t.skip(reason);
    const site = await createAgentSite();
    cleanups.push(() => site.close());
    // podman's mount namespace lacks the unified hierarchy; the agent sees it at another place.
    const node = nodeCgroups();
    const cgroups = join(site.folder, 'cgroup');
    mkdirSync(cgroups);
    const podman = createPodman(join(site.folder, 'podman'), node === undefined ? [] : seenAt(cgroups, node.root));
    cleanups.push(() => podman('rm', '--all', '--force', '--time', '0'));
    const done = async (...words: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await podman(...words);
      assert.equal(code, 0, `podman ${words.join(' ')}: ${stderr}`);
      return stdout;
    };
    const [archive, layout] = [join(site.folder, 'image.tar'), join(site.folder, 'image.oci')];
    const built = await serviceImage('node-agent', { archive, layout });
    const again = await serviceImage('node-agent', { archive, layout: join(site.folder, 'again.oci') });
    assert.equal(again.digest, built.digest);
    await done('load', '--quiet', '--input', archive);
    assert.match((await podman('run', '--rm', '--entrypoint', '/bin/sh', image)).stderr, /not found|no such file/i);

    const definitions = loadDefinitions();
    const kubelet = await startFakeKubelet({ definitions, folder: site.kubeletFolder });
    cleanups.push(() => kubelet.stop());
    const folders = { kubelet: site.kubeletFolder, sockets: site.runtimeFolder, cgroup: cgroups, dev: '/dev' };
    const words = agentWords(site.runtimeFolder, node !== undefined);
    await done('run', '--detach', '--name', 'agent', ...containerWords(site.folder, folders), image, ...words);
    const log = async (event: string): Promise<Readonly<Record<string, unknown>>> => {
      const giveUpAt = performance.now() + 60_000;
      for (;;) {
        const text = await done('logs', 'agent');
        const found = text.split('\n').find((line) => line.includes(`"event":"${event}"`));
        // A line of the agent's log is an object.
        if (found !== undefined) return JSON.parse(found) as Readonly<Record<string, unknown>>;
        assert.ok(performance.now() < giveUpAt && !text.includes('"event":"failed"'), text);
        assert.equal(await done('inspect', '--format', '{{.State.Running}}', 'agent'), 'true\n', 'it ended');
        await pause(200);
      }
    };
    const ready = await log('platform-ready');
    const plugin = await withinMs(60_000, kubelet.plugin(softwareResource));
    assert.equal(ready['isolationMissing'], '', JSON.stringify(ready));
    assert.equal(ready['accounting'], node === undefined ? 'agent' : `pod (${node.controllers.join(', ')})`);
    await withinMs(
      60_000,
      plugin.until(({ devices }) => devices.length === 3 && devices.every(({ health }) => health === 'Healthy')),
    );

    const { container_responses: answers } = await plugin.allocate(['software-sgx-0']);
    const cgroup = node === undefined ? undefined : site.cgroup('image');
    const pod = site.pod(answers[0] ?? {}, { cgroup });
    await pod.does('connect');
    await pod.does('load');
    assert.equal(await pod.does('echo', hello), hello);
    assert.equal(await pod.does('describe'), 'separated');
    assert.ok(enclaves().length > 0);

    const { metricsPort } = await log('started');
    const metrics = await (await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).text();
    assert.match(metrics, /^enclos_agent_registered\{resource="enclos\.dev\/software-sgx"\} 1$/m);
    assert.match(metrics, /^enclos_agent_platform_ready 1$/m);

    const pending = pod.fails('wait');
    await pod.does('echo', hello);
    await done('kill', '--signal', 'KILL', 'agent');
    assert.equal((await pending).refused, 'ENCLAVE_LOST');
    await until('no enclave is left', () => enclaves().length === 0);
    await withinMs(60_000, plugin.gone);
  },
);

type Folders = Readonly<Record<string, string>>;

/** The security context and the mounts of the DaemonSet, for podman. */
function containerWords(folder: string, folders: Folders): readonly string[] {
  const { containers, hostPID } = agentPod();
  const [{ command, securityContext, volumeMounts }] = containers;
  const { capabilities, allowPrivilegeEscalation } = securityContext;
  assert.deepEqual([hostPID, allowPrivilegeEscalation], [true, false]);
  const volumes = volumeMounts.flatMap(({ name, mountPath, readOnly = false }) => {
    const source = folders[name] ?? join(folder, name);
    if (folders[name] === undefined || name === 'sockets') mkdirSync(source, { recursive: true, mode: 0o755 });
    // The kubelet is told paths of the node: here that is the folder of the test.
    return ['--volume', `${source}:${name === 'sockets' ? source : mountPath}:${readOnly ? 'ro' : 'rw'}`];
  });
  return [
    // Only who has a cgroup of its own may see the processes of the machine, says podman.
    [
      '--cgroups',
      'enabled',
      '--read-only',
      '--pid',
      'host',
      '--network',
      'host',
      '--security-opt',
      'no-new-privileges',
    ],
    ['--cap-drop', 'all', ...capabilities.add.flatMap((name) => ['--cap-add', name])],
    volumes,
    // The command of a pod is in place of the entry point, as a list is here.
    ['--entrypoint', JSON.stringify(entersNode() ? command : command.slice(command.indexOf('setpriv')))],
  ].flat();
}

/** A machine that is itself a container may not enter the namespaces of its first process, not even as root. */
function entersNode(): boolean {
  return spawnSync('nsenter', ['--target=1', '--cgroup', 'true']).status === 0;
}

/** The words of the DaemonSet, with those of this test in their place: an option may be given once. */
function agentWords(runtimeFolder: string, hasCgroups: boolean): readonly string[] {
  const [{ args }] = agentPod().containers;
  const users = `${enclaveUsers.first}-${enclaveUsers.last}`;
  const own = ['--devices=3', '--metrics=127.0.0.1:0', `--runtime=${runtimeFolder}`, `--enclave-users=${users}`];
  const nameOf = (word: string): string | undefined => word.split('=')[0];
  const names = new Set(own.map(nameOf));
  return [...args.filter((word) => !names.has(nameOf(word))), ...own, ...(hasCgroups ? [] : ['--no-cgroup'])];
}
