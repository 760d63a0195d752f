import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { loadDefinitions } from '../../src/plugin/definitions.ts';
import { heldDevices, holderOf } from '../../src/reclaim/pod-resources.ts';
import { pod, startFakePodResources, type FakePodResources } from '../fake-pod-resources.ts';
import { temporaryFolder } from '../support.ts';

const definitions = loadDefinitions();
const resource = 'enclos.dev/software-sgx';

async function bench(t: TestContext) {
  const folder = temporaryFolder();
  const kubelet: FakePodResources = await startFakePodResources(definitions, folder);
  t.after(() => kubelet.close());
  const ask = (ownPod = 'agent-x', timeoutMs = 5000) =>
    heldDevices(resource, { definitions, socketPath: join(folder, 'kubelet.sock'), ownPod, timeoutMs });
  return { kubelet, ask };
}

const refusal = (message: RegExp) => ({ code: 'AGENT_PODS_UNKNOWN', message });

describe('the devices that pods have', () => {
  test('are those of the resource, of every container of every pod', async (t) => {
    const { kubelet, ask } = await bench(t);
    kubelet.lists({
      pod_resources: [
        pod('agent-x'),
        pod('one', resource, 'software-sgx-3'),
        pod('two', 'sgx.intel.com/enclave', 'sgx-enclave-0'),
        { ...pod('three'), containers: [...pod('', resource, 'a').containers, ...pod('', resource, 'b').containers] },
      ],
    });
    assert.deepEqual(await ask(), new Set(['software-sgx-3', 'a', 'b']));
  });

  test('are not known from a list that lacks the pod of the agent itself, as of a kubelet that has just started', async (t) => {
    const { kubelet, ask } = await bench(t);
    kubelet.lists({ pod_resources: [] });
    await assert.rejects(ask(), refusal(/lists 0 pods, and agent-x is not one of them/));
    kubelet.lists({ pod_resources: [pod('kube-apiserver-node')] });
    await assert.rejects(ask(), refusal(/lists 1 pods/));
  });

  test('are known when the name of the pod is longer than a host name', async (t) => {
    const { kubelet, ask } = await bench(t);
    kubelet.lists({ pod_resources: [pod('a'.repeat(80))] });
    assert.equal((await ask('a'.repeat(63))).size, 0);
  });

  test('are not known when the kubelet does not answer in time, or at all', async (t) => {
    const { kubelet, ask } = await bench(t);
    kubelet.lists(undefined);
    await assert.rejects(ask('agent-x', 200), refusal(/gRPC status 4/));
    kubelet.close();
    await assert.rejects(ask(), refusal(/gRPC status 14/));
  });

  test('are not read from an answer without a bound', async (t) => {
    const { kubelet, ask } = await bench(t);
    const long = 'x'.repeat(1024 * 1024);
    kubelet.lists({ pod_resources: [pod('agent-x'), ...Array.from({ length: 9 }, () => pod(long))] });
    await assert.rejects(ask(), refusal(/gRPC status 8/));
  });
});

test('the pod that has a device is the one that the kubelet lists with it', async (t) => {
  const folder = temporaryFolder();
  const kubelet = await startFakePodResources(definitions, folder);
  t.after(() => kubelet.close());
  kubelet.lists({
    pod_resources: [
      pod('other', 'sgx.intel.com/enclave', 'software-sgx-3'),
      { ...pod('one', resource, 'software-sgx-1', 'software-sgx-3'), namespace: 'shop' },
    ],
  });
  const ask = (device: string) => holderOf(resource, device, { definitions, socketPath: join(folder, 'kubelet.sock') });
  assert.deepEqual(await ask('software-sgx-3'), { name: 'one', namespace: 'shop' });
  assert.equal(await ask('software-sgx-2'), undefined);
});
