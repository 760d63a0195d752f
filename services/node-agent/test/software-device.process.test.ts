import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { utf8 } from '@enclos/codec';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { generateSigningKey } from '@enclos/sgx/node';
import { holdersOfPeer, until, withinMs } from '@enclos/testkit';
import { loadDefinitions } from '../src/plugin/definitions.ts';
import type { ContainerAllocation } from '../src/plugin/messages.ts';
import {
  agentSkipped,
  createAgentSite,
  enclaves,
  enclaveUsers,
  type AgentSite,
  type RunningAgent,
} from './agent-site.ts';
import { nodeCgroups } from './pod-cgroups.ts';
import { startFakeKubelet, type FakeKubelet, type KnownPlugin } from './fake-kubelet.ts';
import type { Pod } from './pod.ts';

const companionProject = fileURLToPath(new URL('../../test/companion', import.meta.url));
const hello = Buffer.from('hello').toString('base64');
const mebibyte = 1024 * 1024;
const definitions = loadDefinitions();
const node = nodeCgroups();
const cgroupWords = node === undefined ? ['--no-cgroup'] : ['--cgroup-root', node.root];

/** A second of a machine that has the time; of one that does several things at once, as many more. */
const secondMs = (): number => 1000 * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());

/** A process that has become a user of an enclave. */
async function squat(user: number): Promise<ChildProcess> {
  // Not by an option of `spawn`, whose users end where those of enclaves begin.
  const child = spawn('setpriv', ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups', 'sleep', '60']);
  await until('it is that user', () => enclaves().some(({ processId }) => processId === child.pid));
  return child;
}

describe('software devices of a node', { skip: agentSkipped() }, () => {
  let site: AgentSite;
  let kubelet: FakeKubelet;
  let agent: RunningAgent;
  let plugin: KnownPlugin;
  let first: Pod;
  let second: Pod;
  let allocation: ContainerAllocation;
  let sealed = '';

  const healthy = (known: KnownPlugin): Promise<unknown> =>
    known.until(({ devices }) => devices.length === 3 && devices.every(({ health }) => health === 'Healthy'));
  const allocate = async (device: number): Promise<ContainerAllocation> => {
    const { container_responses: answers } = await plugin.allocate([`software-sgx-${device}`]);
    return answers[0] ?? {};
  };

  /** A verifier would have both from the operator. */
  const trust = async () => ({
    roots: [await softwareRoot(String(await first.does('root')))],
    endorsements: parseCollateral(JSON.parse(String(await first.does('endorsements')))),
  });

  /** Where cgroups can be made each pod has one, as on a node. */
  const podIn = (name: string, given: ContainerAllocation, user?: number): Pod =>
    site.pod(given, { user, cgroup: node === undefined ? undefined : site.cgroup(name) });

  before(async () => {
    site = await createAgentSite();
    kubelet = await startFakeKubelet({ definitions, folder: site.kubeletFolder });
    agent = site.agent(...cgroupWords);
    plugin = await kubelet.plugin(softwareResource);
    await withinMs(60_000, healthy(plugin));
  });
  after(async () => {
    await kubelet.stop();
    await site.close();
  });

  describe('give a pod', () => {
    test('a read-only folder of its own at /run/enclos, one variable, and nothing else', async () => {
      allocation = await allocate(0);
      const [mount] = allocation.mounts ?? [];
      assert.ok(mount !== undefined);
      assert.deepEqual(allocation, {
        envs: { ENCLOS_PLATFORM: '/run/enclos/platform.sock' },
        mounts: [{ container_path: '/run/enclos', host_path: mount.host_path, read_only: true }],
        devices: [],
        annotations: {},
        cdi_devices: [],
      });
      assert.ok(mount.host_path.startsWith(`${site.runtimeFolder}/devices/0/`));
      assert.deepEqual(readdirSync(mount.host_path), ['platform.sock']);
      assert.equal(statSync(join(site.runtimeFolder, 'devices')).mode & 0o777, 0o700);
    });

    test('an enclave that it loads and calls, whatever user it is', async () => {
      first = podIn('first', allocation);
      await first.does('connect');
      await first.does('load');
      assert.equal(await first.does('echo', hello), hello);
      second = podIn('second', await allocate(1), 0);
      await second.does('connect');
      await second.does('load');
      assert.equal(await second.does('echo', hello), hello);
    });

    test('an enclave that is a user that no pod can have, of the part of its device', () => {
      const users = new Set(enclaves().map(({ user }) => user));
      assert.equal(users.size, 2);
      // Twelve users for three devices.
      const parts = [...users].map((user) => Math.floor((user - enclaveUsers.first) / 4));
      assert.deepEqual(new Set(parts), new Set([0, 1]));
      // runAsUser and the USER of an image end at 2^31 - 1.
      assert.ok([...users].every((user) => user > 0x7fff_ffff));
    });

    test('an enclave with a companion, which is another user of the same part, and counts where the pod does', async () => {
      const { paths } = await buildEnclave(await loadProject(companionProject), {
        outFolder: join(site.folder, 'companion'),
      });
      const stem = paths.image.replace(/\.sgxs$/, '');
      const key = generateSigningKey();
      writeFileSync(
        `${stem}.sig`,
        signEnclave({ image: readFileSync(paths.image), key, date: new Date('2026-06-01') }),
      );
      const others = new Set(enclaves().map(({ user }) => user));
      assert.equal(await second.does('askCompanion', stem, 'hello'), 'the companion: HELLO');
      const made = enclaves().filter(({ user }) => !others.has(user));
      const users = new Set(made.map(({ user }) => user));
      assert.equal(users.size, 2);
      for (const { processId } of node === undefined ? [] : made) {
        assert.match(readFileSync(`/proc/${processId}/cgroup`, 'utf8'), /enclos-test-\d+-second/);
      }
      assert.deepEqual(new Set([...users].map((user) => Math.floor((user - enclaveUsers.first) / 4))), new Set([1]));
      await second.does('endCompanion');
      await until('its processes are gone', () => enclaves().every(({ user }) => others.has(user)));
    });

    test('evidence that the platform was separated from it, to those who name the root', async () => {
      assert.equal(await first.does('describe'), 'separated');
      const nonce = utf8('a nonce of the relying party');
      const quote = await first.does('quote', 'device test v1', Buffer.from(nonce).toString('base64'));
      const { roots, endorsements } = await trust();
      const bytes = new Uint8Array(Buffer.from(String(quote), 'base64'));
      const verdict = await verifyQuote(bytes, endorsements, { roots, now: new Date() });
      assert.equal(verdict.status, 'OK');
      const policy = {
        mrEnclave: [site.mrEnclave],
        minimumSecurityVersion: 1,
        acceptedStatuses: ['OK' as const],
        acceptedAdvisoryIds: [],
        intelRoot: false,
        softwareRoots: roots.map(({ fingerprint }) => fingerprint),
      };
      const binding = { reportData: await boundReportData({ purpose: 'device test v1', nonce }) };
      appraise(verdict, policy, binding, { now: new Date() });
    });

    test('quotes of reports, when it mounts the folder of the quote helper: of true ones and no others', async () => {
      const path = join(site.runtimeFolder, 'quotes/quote.sock');
      const quote = new Uint8Array(Buffer.from(String(await first.does('helperQuote', path)), 'base64'));
      const { roots, endorsements } = await trust();
      const verdict = await verifyQuote(quote, endorsements, { roots, now: new Date() });
      assert.equal(verdict.status, 'OK');
      // Report data is at 368 of a quote: 48 bytes of header, and 320 into the report body.
      assert.ok(quote.subarray(368, 432).every((byte) => byte === 7));
      assert.equal(await first.attempt('helperQuote', path, 'changed'), 'QUOTE_REPORT_REFUSED');
      assert.deepEqual(readdirSync(join(site.runtimeFolder, 'quotes')), ['quote.sock']);
    });

    test('an enclave that clients reach, and that holds their connections itself where the platform filters system calls', async () => {
      const socket = connect(Number(await first.does('port')), '127.0.0.1');
      socket.write('hello');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.equal(String(answer), 'hello');
      const users = enclaves().map(({ user }) => user);
      const isHeldInside = holdersOfPeer(socket).some(({ user }) => users.includes(user));
      assert.equal(isHeldInside, await first.does('layer', 'seccomp'));
      socket.destroy();
    });

    test('state that it can seal', async () => {
      sealed = String(await first.does('seal', hello));
      assert.equal(await first.does('unseal', sealed), hello);
    });
  });

  describe('a pod cannot', () => {
    test('see the processes of its enclave, of the agent, or of another pod', async () => {
      assert.equal(await first.does('processes'), 1);
    });

    test('change what is in its folder, not even as root', async () => {
      for (const pod of [first, second]) {
        for (const [what, ...args] of [
          ['write', '/run/enclos/new'],
          ['remove', '/run/enclos/platform.sock'],
          ['rename', '/run/enclos/platform.sock', '/run/enclos/other.sock'],
        ] as const) {
          assert.match(String(await pod.attempt(what, ...args)), /EROFS|EACCES/, what);
        }
      }
    });

    test('reach the folder of another pod, or what else the agent has there', async () => {
      const [mount] = allocation.mounts ?? [];
      // In its own mounts it has its folder alone; in those of the node it does not get past the folder of all.
      assert.equal(await first.attempt('list', '/run/enclos'), 'platform.sock');
      for (const path of [join(site.runtimeFolder, 'devices'), mount?.host_path ?? '']) {
        assert.equal(await first.attempt('list', path), 'EACCES');
      }
      assert.equal(await first.attempt('open', join(mount?.host_path ?? '', 'platform.sock')), 'EACCES');
    });
  });

  describe('a pod that floods its device', () => {
    test('gets its part of the connections and no more, and the other pod does not notice', async () => {
      const kept = Number(await second.does('flood', '200'));
      // A third of 256, one of which it had.
      assert.ok(kept <= 84 && kept >= 60, `${kept} connections`);
      assert.equal(await first.does('echo', hello), hello);
      assert.equal(await second.does('echo', hello), hello);
    });

    test('with a host SDK of another version is told so, by a code, and the other pod does not notice', async () => {
      assert.equal(await second.attempt('otherVersion'), 'TEE_PROTOCOL_MISMATCH');
      assert.equal(await first.does('echo', hello), hello);
    });

    test('with bytes that are not a message is cut off, and the other pod does not notice', async () => {
      assert.equal(await second.does('garbage'), 'cut off');
      assert.equal(await first.does('echo', hello), hello);
      assert.equal(await second.does('echo', hello), hello);
    });
  });

  describe('root in some container, who becomes a user of an enclave,', () => {
    test('keeps it from no other pod, and gets no enclave that shares it', async () => {
      const part = [8, 9, 10, 11].map((i) => enclaveUsers.first + i);
      const squatters = await Promise.all(part.map(squat));
      const pod = podIn('squatted', await allocate(2));
      await pod.does('connect');
      assert.equal(await pod.attempt('load'), 'PLATFORM_USERS_EXHAUSTED');
      const [free] = squatters;
      const ended = squatters.map(async (squatter) => once(squatter, 'exit'));
      free?.kill('SIGKILL');
      await ended[0];
      await pod.does('load');
      const owners = enclaves().filter(({ user }) => user === part[0]);
      assert.ok(owners.length > 0);
      for (const squatter of squatters) squatter.kill('SIGKILL');
      await Promise.all(ended);
      await pod.end();
      await until('its enclave is gone', () => enclaves().every(({ user }) => user < enclaveUsers.first + 8));
    });
  });

  describe('count an enclave', { skip: node === undefined && 'needs cgroups that count memory' }, () => {
    test('in every cgroup of the pod that loaded it, with every one of its processes, and say so', async () => {
      const cgroup = site.cgroup('third');
      const pod = site.pod(await allocate(2), { cgroup });
      await pod.does('connect');
      await pod.does('load');
      assert.equal(await pod.does('echo', hello), hello);
      const names = node?.version === 1 ? node.controllers : [''];
      const within = enclaves().filter(({ cgroups }) => names.every((name) => cgroups.get(name) === cgroup.path));
      const ready = await agent.said('platform-ready');
      assert.equal(ready['accounting'], `pod (${node?.controllers.join(', ')})`);
      assert.equal(new Set(within.map(({ user }) => user)).size, 1);
      const ofDevice = enclaves().filter(({ user }) => user >= enclaveUsers.first + 8);
      assert.deepEqual(ofDevice, within);
      await pod.end();
      await until('the enclave is gone', () => enclaves().every(({ user }) => user < enclaveUsers.first + 8));
    });

    test('so that one that takes more memory than its pod may have is ended, and the pod’s own counter says so', async () => {
      const cgroup = site.cgroup('limited');
      const pod = site.pod(await allocate(2), { cgroup });
      await pod.does('connect');
      await pod.does('load');
      // Enough for the pod and its enclave, which its manifest allows 256 MB of heap, but not for what it takes now.
      cgroup.limitMemory(256 * mebibyte);
      assert.equal(await pod.does('take', '8'), 8);
      assert.equal(cgroup.killedForMemory(), 0);
      assert.equal((await pod.fails('take', '224')).refused, 'ENCLAVE_LOST');
      assert.ok(cgroup.killedForMemory() >= 1);
      assert.equal(await first.does('echo', hello), hello);
      await pod.end();
      await until('the enclave is gone', () => enclaves().every(({ user }) => user < enclaveUsers.first + 8));
    });
  });

  describe('when the agent', () => {
    test('is killed, its enclaves end, and every pod hears of it within a second', async () => {
      const pending = [first.fails('wait'), second.fails('wait')];
      await first.does('echo', hello);
      await second.does('echo', hello);
      const killedAt = Date.now();
      await agent.stop('SIGKILL');
      for (const { refused, at } of await Promise.all(pending)) {
        assert.equal(refused, 'ENCLAVE_LOST');
        assert.ok(at - killedAt < secondMs(), `${at - killedAt} ms`);
      }
      await until('no enclave is left', () => enclaves().length === 0, secondMs());
      await plugin.gone;
    });

    test('is killed while it starts, at any moment, the next one starts all the same', async () => {
      for (const afterMs of [50, 300, 600, 1000]) {
        const killed = site.agent(...cgroupWords);
        await pause(afterMs);
        await killed.stop('SIGKILL');
      }
    });

    test('starts while a process runs as a user of an enclave, it starts all the same', async () => {
      const squatter = await squat(enclaveUsers.last);
      const started = site.agent(...cgroupWords);
      await withinMs(60_000, started.said('platform-ready'));
      const ended = once(squatter, 'exit');
      squatter.kill('SIGKILL');
      await ended;
      await started.stop('SIGKILL');
    });

    test('starts again, it is registered within a second', async () => {
      const tookMs: number[] = [];
      // The best of five: what else this machine does at the moment is not the agent's.
      while (tookMs.length < 5 && !tookMs.some((ms) => ms < secondMs())) {
        if (tookMs.length > 0) await agent.stop('SIGKILL');
        const { length } = kubelet.plugins;
        agent = site.agent(...cgroupWords);
        await until('it is registered', () => kubelet.plugins.length > length);
        tookMs.push(performance.now() - agent.startedAt);
      }
      assert.ok(
        tookMs.some((ms) => ms < secondMs()),
        `${tookMs.join(', ')} ms`,
      );
      plugin = kubelet.plugins.at(-1) ?? plugin;
      await withinMs(60_000, healthy(plugin));
    });

    test('is there again, a running pod finds it in its folder, and its reloaded enclave opens what it sealed', async () => {
      await first.does('connect');
      await first.does('load');
      assert.equal(await first.does('unseal', sealed), hello);
    });

    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      test(`is replaced after ${signal}, the work of a pod is done in the next enclave within three seconds`, async () => {
        const pod = podIn(`job-${signal}`, await allocate(2));
        const work = pod.does('job', hello);
        await until('its enclave runs', () => enclaves().some(({ user }) => user >= enclaveUsers.first + 8));
        const next = site.agent(...cgroupWords);
        await withinMs(60_000, next.said('standing-by'));
        // It waits: the pod of the present agent has noticed nothing, and the kubelet has one plugin.
        assert.equal(await first.does('echo', hello), hello);
        const { length } = kubelet.plugins;
        await agent.stop(signal);
        agent = next;
        const { done, interruptedMs } = (await work) as { readonly done: string; readonly interruptedMs: number };
        assert.equal(done, hello);
        assert.ok(interruptedMs < 3 * secondMs(), `${interruptedMs} ms`);
        await until('the kubelet has the next one', () => kubelet.plugins.length > length);
        plugin = kubelet.plugins.at(-1) ?? plugin;
        await withinMs(60_000, healthy(plugin));
        await pod.end();
        await first.does('connect');
        await first.does('load');
      });
    }

    test('is told to end, it leaves the kubelet, its enclaves end, and its sockets are gone', async () => {
      const pending = first.fails('wait');
      await first.does('echo', hello);
      assert.equal(await agent.stop('SIGTERM'), 0);
      assert.equal((await pending).refused, 'ENCLAVE_LOST');
      await withinMs(60_000, plugin.gone);
      assert.deepEqual(readdirSync(site.kubeletFolder), ['kubelet.sock']);
      assert.deepEqual(enclaves(), []);
      assert.deepEqual(await first.does('list', '/run/enclos'), '');
    });
  });
});
