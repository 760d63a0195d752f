import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { startFakeApiServer, withinMs } from '@enclos/testkit';
import { clusterApiServer, createApiClient, type ApiCall } from '../../src/cluster/index.ts';

const call: ApiCall = { method: 'GET', path: '/api/v1/nodes/a' };
const unreachable = { code: 'SERVICE_CLUSTER_UNREACHABLE' };

describe('the client of the API server', () => {
  test('sends what it is told, with the token of that moment', async (t) => {
    const { server, seen, answer } = await startFakeApiServer(t, selfSignedCertificate);
    const { call: send } = createApiClient({ server, now: () => 0 });
    answer(200, '{"kind":"Node"}');
    assert.deepEqual(await send(call), { kind: 'Node' });
    writeFileSync(join(server.credentialsFolder, 'token'), 'second');
    await send({ method: 'PATCH', path: '/x', contentType: 'application/merge-patch+json', body: { a: 1 } });
    assert.deepEqual(seen, [
      { method: 'GET', path: '/api/v1/nodes/a', token: 'Bearer first', contentType: undefined, body: undefined },
      {
        method: 'PATCH',
        path: '/x',
        token: 'Bearer second',
        contentType: 'application/merge-patch+json',
        body: { a: 1 },
      },
    ]);
  });

  test('sends nothing to a server whose certificate another authority signed', async (t) => {
    const [{ server, seen }, other] = [
      await startFakeApiServer(t, selfSignedCertificate),
      await startFakeApiServer(t, selfSignedCertificate),
    ];
    const { call: send } = createApiClient({
      server: { ...server, credentialsFolder: other.server.credentialsFolder },
      now: () => 0,
    });
    await assert.rejects(send(call), unreachable);
    assert.deepEqual(seen, []);
  });

  test('says with which status it was refused', async (t) => {
    const { server, answer } = await startFakeApiServer(t, selfSignedCertificate);
    answer(403, '{"message":"secret"}');
    const { call: send } = createApiClient({ server, now: () => 0 });
    await assert.rejects(send(call), {
      code: 'SERVICE_CLUSTER_REFUSED',
      message: 'The API server answered GET with status 403.',
    });
  });

  test('leaves a server alone that is in trouble, longer each time, and as long as that asks for within a minute', async (t) => {
    const { server, seen, answer } = await startFakeApiServer(t, selfSignedCertificate);
    let nowMs = 0;
    const { call: send } = createApiClient({ server, now: () => nowMs });
    answer(500);
    for (const [atMs, requests] of [
      [0, 1],
      [999, 1],
      [1001, 2],
      [2900, 2],
      [3100, 3],
    ] as const) {
      nowMs = atMs;
      await assert.rejects(send(call), unreachable);
      assert.equal(seen.length, requests, `${atMs}`);
    }
    answer(429, '', { 'retry-after': '3600' });
    nowMs = 20_000;
    await assert.rejects(send(call), unreachable);
    answer(200);
    nowMs = 79_000;
    await assert.rejects(send(call), unreachable);
    nowMs = 81_000;
    await send(call);
    assert.equal(seen.length, 5);
  });

  test('sends ten requests at once and five a second after that', async (t) => {
    const { server, seen } = await startFakeApiServer(t, selfSignedCertificate);
    let nowMs = 0;
    const { call: send } = createApiClient({ server, now: () => nowMs });
    for (let i = 0; i < 10; i += 1) await send(call);
    await assert.rejects(send(call), { ...unreachable, message: /Too many requests/ });
    nowMs = 1000;
    for (let i = 0; i < 5; i += 1) await send(call);
    await assert.rejects(send(call), unreachable);
    assert.equal(seen.length, 15);
  });

  test('takes no endless answer and none that is not JSON', async (t) => {
    const { server, answer } = await startFakeApiServer(t, selfSignedCertificate);
    for (const body of [`"${'a'.repeat(5 * 1024 * 1024)}"`, 'no json']) {
      const { call: send } = createApiClient({ server, now: () => 0 });
      answer(200, body);
      await assert.rejects(send(call), unreachable);
    }
  });

  test('waits for no answer of a server that switches to another protocol', async (t) => {
    const { server, answer } = await startFakeApiServer(t, selfSignedCertificate);
    const { call: send } = createApiClient({ server, now: () => 0 });
    answer(101, '', { connection: 'Upgrade', upgrade: 'other' });
    await withinMs(5000, assert.rejects(send(call), unreachable));
  });

  test('finds the server that Kubernetes names, and none outside a cluster', () => {
    assert.deepEqual(clusterApiServer({ KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }), {
      host: '10.0.0.1',
      port: 443,
      credentialsFolder: '/var/run/secrets/kubernetes.io/serviceaccount',
    });
    assert.equal(clusterApiServer({}), undefined);
    assert.equal(clusterApiServer({ KUBERNETES_SERVICE_HOST: 'a', KUBERNETES_SERVICE_PORT: 'x' }), undefined);
  });
});
