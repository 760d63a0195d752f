import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { EnclosError, isEnclosError } from '@enclos/errors';
import '../../src/errors.ts';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { createApiClient } from '@enclos/service/cluster';
import { startFakeApiServer, until, type FakeApiServer } from '@enclos/testkit';
import { createPodEvents, type PodEvents } from '../../src/api/pod-events.ts';

const podUid = '6d4ea4f2-3b1a-4c6e-9d0a-0f3f0d2b8c11';
const error = new EnclosError('AGENT_CGROUP_UNAVAILABLE', 'Nothing can be moved into the cgroup /kubepods/pod1.');

interface Bench extends FakeApiServer, PodEvents {
  readonly at: (seconds: number) => void;
  readonly failures: string[];
  /** Devices whose holder was asked for. */
  readonly asked: string[];
}

async function bench(t: TestContext): Promise<Bench> {
  const fake = await startFakeApiServer(t, selfSignedCertificate);
  let seconds = 0;
  const [failures, asked]: [string[], string[]] = [[], []];
  const { refused } = createPodEvents({
    client: createApiClient({ server: fake.server, now: () => seconds * 1000 }),
    node: 'node-1',
    async holder(device) {
      asked.push(device);
      return device === 'software-sgx-0' ? { name: 'vault-0', namespace: 'shop' } : undefined;
    },
    now: () => new Date(Date.UTC(2026, 0, 1) + seconds * 1000),
    failed: (failure) => failures.push(isEnclosError(failure) ? failure.code : 'unknown'),
  });
  return { ...fake, refused, failures, asked, at: (now) => void (seconds = now) };
}

const refusal = { device: 'software-sgx-0', podUid, error };

describe('an event on a pod that was refused', () => {
  test('names the pod, the code, what happened and what to do', async (t) => {
    const { refused, seen } = await bench(t);
    refused(refusal);
    await until('an event is written', () => seen.length === 1);
    const { method, path, body } = seen[0] ?? {};
    assert.deepEqual([method, path], ['POST', '/api/v1/namespaces/shop/events']);
    const { involvedObject, type, reason, message, firstTimestamp, source } = body as Record<string, unknown>;
    assert.deepEqual(involvedObject, {
      apiVersion: 'v1',
      kind: 'Pod',
      name: 'vault-0',
      namespace: 'shop',
      uid: podUid,
    });
    assert.deepEqual(
      [type, reason, firstTimestamp, source],
      [
        'Warning',
        'AGENT_CGROUP_UNAVAILABLE',
        '2026-01-01T00:00:00Z',
        { component: 'enclos-node-agent', host: 'node-1' },
      ],
    );
    assert.match(String(message), /^Nothing can be moved into the cgroup .* Mount the node’s \/sys\/fs\/cgroup/);
  });

  test('comes once in ten minutes for a code, and has no UID when that is not known', async (t) => {
    const { refused, at, seen } = await bench(t);
    refused({ ...refusal, podUid: undefined });
    for (const second of [1, 300, 599]) {
      at(second);
      refused({ ...refusal, podUid: undefined });
    }
    refused({ ...refusal, podUid: undefined, error: new EnclosError('LAUNCH_MEASUREMENT_MISMATCH') });
    at(601);
    refused({ ...refusal, podUid: undefined });
    await until('three events are written', () => seen.length === 3);
    const bodies = seen.map(({ body }) => body as { reason: string; involvedObject: object });
    assert.deepEqual(bodies.map(({ reason }) => reason).toSorted(), [
      'AGENT_CGROUP_UNAVAILABLE',
      'AGENT_CGROUP_UNAVAILABLE',
      'LAUNCH_MEASUREMENT_MISMATCH',
    ]);
    assert.ok(bodies.every(({ involvedObject }) => !('uid' in involvedObject)));
  });

  test('is not written for a device that no pod has, and not more than 20 times a minute', async (t) => {
    const { refused, at, asked, seen } = await bench(t);
    for (let i = 1; i <= 100; i += 1) refused({ ...refusal, device: `software-sgx-${i}` });
    assert.equal(asked.length, 20);
    at(60);
    refused(refusal);
    await until('an event is written', () => seen.length === 1);
  });

  test('that the API server refuses is told once, and tried again', async (t) => {
    const { refused, answer, failures, seen } = await bench(t);
    answer(403);
    refused(refusal);
    await until('the refusal is told', () => failures.length === 1);
    refused(refusal);
    await until('it is tried again', () => seen.length === 2);
    answer(200);
    // The failure above is told before this one could be written.
    await until('it is written', () => {
      refused(refusal);
      return seen.length === 3;
    });
    assert.deepEqual(failures, ['SERVICE_CLUSTER_REFUSED']);
  });
});
