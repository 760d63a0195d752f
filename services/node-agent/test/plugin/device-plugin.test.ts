import assert from 'node:assert/strict';
import { rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { status, type ServiceError } from '@grpc/grpc-js';
import { isEnclosError } from '@enclos/errors';
import { withinMs } from '@enclos/testkit';
import '../../src/errors.ts';
import { loadDefinitions } from '../../src/plugin/definitions.ts';
import { startDevicePlugin } from '../../src/plugin/device-plugin.ts';
import type { Health } from '../../src/plugin/messages.ts';
import type { Resource } from '../../src/plugin/resource.ts';
import { startFakeKubelet, type FakeKubeletOptions } from '../fake-kubelet.ts';
import { temporaryFolder, testResource } from '../support.ts';

const definitions = loadDefinitions();
const name = 'enclos.dev/test';
const socketName = 'enclos-enclos-dev-test.sock';
const healthy = (count: number): Record<string, Health> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`test-${i}`, 'Healthy' as const]));

interface Bench {
  readonly folder: string;
  readonly events: string[];
  readonly kubelet: (options?: Pick<FakeKubeletOptions, 'refuses'>) => ReturnType<typeof startFakeKubelet>;
  readonly plugin: (resource: Resource, answerMs?: number) => void;
}

/** Far away: a busy machine takes its time. */
const soonMs = 60_000;

/** @param refusedPauseMs how long it leaves a kubelet alone that refused it */
function bench(t: TestContext, refusedPauseMs = 400): Bench {
  const folder = temporaryFolder();
  const events: string[] = [];
  const close: (() => Promise<void>)[] = [];
  t.after(async () => {
    for (const end of close) await end();
  });
  return {
    folder,
    events,
    async kubelet(options = {}) {
      const kubelet = await startFakeKubelet({ definitions, folder, ...options });
      close.push(() => kubelet.stop());
      return kubelet;
    },
    plugin(resource, answerMs) {
      const plugin = startDevicePlugin({
        definitions,
        resource,
        answerMs,
        folder,
        pollMs: 20,
        refusedPauseMs,
        allocated: (outcome) => events.push(outcome),
        events: {
          registered: () => events.push('registered'),
          lost: () => events.push('lost'),
          failed: (error) => events.push(isEnclosError(error) ? error.code : String(error)),
        },
      });
      close.unshift(() => plugin.close());
    },
  };
}

describe('a device plugin', () => {
  test('registers by its name, its socket and the one version there is', async (t) => {
    const { kubelet, plugin, folder } = bench(t);
    const { plugin: known } = await kubelet();
    plugin(testResource(healthy(1)));
    const { request, options } = await withinMs(soonMs, known(name));
    const none = { pre_start_required: false, get_preferred_allocation_available: false };
    assert.deepEqual(request, { version: 'v1beta1', endpoint: socketName, resource_name: name, options: none });
    assert.deepEqual(await options(), none);
    assert.equal(statSync(join(folder, socketName)).mode & 0o777, 0o600);
  });

  test('waits for a kubelet that is not there yet', async (t) => {
    const { kubelet, plugin, events } = bench(t);
    plugin(testResource(healthy(1)));
    await pause(100);
    assert.deepEqual(events, []);
    await withinMs(soonMs, (await kubelet()).plugin(name));
  });

  test('waits for a kubelet whose folder is not there yet either', async (t) => {
    const { kubelet, plugin, folder } = bench(t);
    rmSync(folder, { recursive: true });
    plugin(testResource(healthy(1)));
    await pause(60);
    await withinMs(soonMs, (await kubelet()).plugin(name));
  });

  test('says why it was refused, leaves that kubelet alone for a while, and then asks again', async (t) => {
    const { kubelet, plugin, events } = bench(t);
    let requests = 0;
    const kubelet_ = await kubelet({ refuses: () => (++requests === 1 ? 'taken by another plugin' : undefined) });
    plugin(testResource(healthy(1)));
    await pause(200);
    assert.equal(requests, 1);
    assert.deepEqual(events, ['AGENT_KUBELET_REFUSED']);
    await withinMs(soonMs, kubelet_.plugin(name));
  });

  test('asks another kubelet at once, whatever the one before said', async (t) => {
    const { kubelet, plugin, events } = bench(t, 600_000);
    const first = await kubelet({ refuses: () => 'no' });
    plugin(testResource(healthy(1)));
    while (events.length === 0) await pause(5);
    await first.stop();
    await withinMs(soonMs, (await kubelet()).plugin(name));
  });

  test('registers again when the kubelet was restarted, which wipes the folder', async (t) => {
    const { kubelet, plugin, events } = bench(t);
    const first = await kubelet();
    plugin(testResource(healthy(3)));
    const before = await first.plugin(name);
    await before.until(({ devices }) => devices.length === 3);
    await first.stop();
    await before.gone;
    const after = await withinMs(soonMs, (await kubelet()).plugin(name));
    await withinMs(
      soonMs,
      after.until(({ devices }) => devices.length === 3),
    );
    assert.equal((await after.allocate(['test-1'])).container_responses.length, 1);
    assert.deepEqual(events, ['registered', 'lost', 'registered', 'granted']);
  });

  test('registers again when only its own socket was deleted', async (t) => {
    const { kubelet, plugin, folder } = bench(t);
    const { plugin: known, plugins } = await kubelet();
    plugin(testResource(healthy(1)));
    const before = await known(name);
    rmSync(join(folder, socketName));
    await withinMs(soonMs, before.gone);
    while (plugins.length < 2) await pause(10);
    assert.deepEqual((await plugins[1]?.allocate(['test-0']))?.container_responses.length, 1);
  });

  test('does not take the socket of another living agent, but takes that of a dead one', async (t) => {
    const { kubelet, plugin, folder, events } = bench(t);
    const { plugin: known } = await kubelet();
    const other = createServer().listen(join(folder, socketName));
    plugin(testResource(healthy(1)));
    await pause(100);
    assert.deepEqual(new Set(events), new Set(['AGENT_SOCKET_IN_USE']));
    other.close();
    await withinMs(soonMs, known(name));
  });

  test('removes its socket when it ends, and is gone for the kubelet', async (t) => {
    const { kubelet, folder } = bench(t);
    const { plugin: known } = await kubelet();
    const events = { registered: () => undefined, lost: () => undefined, failed: () => undefined };
    const resource = testResource(healthy(1));
    const plugin = startDevicePlugin({ definitions, resource, folder, events, allocated: () => undefined });
    const { gone } = await known(name);
    await plugin.close();
    await withinMs(soonMs, gone);
    assert.throws(() => statSync(join(folder, socketName)), /ENOENT/);
  });
});

describe('the list of devices', () => {
  test('follows them: one vanishes, one falls ill, and both come back', async (t) => {
    const { kubelet, plugin } = bench(t);
    const resource = testResource(healthy(2));
    const { plugin: known } = await kubelet();
    plugin(resource);
    const { until, allocate } = await known(name);
    await until(({ devices }) => devices.length === 2);
    resource.set({ 'test-0': 'Unhealthy' });
    const { devices } = await until((list) => list.devices.length === 1);
    assert.deepEqual(devices, [{ ID: 'test-0', health: 'Unhealthy', topology: null }]);
    await assert.rejects(allocate(['test-0']), { code: status.UNAVAILABLE });
    await assert.rejects(allocate(['test-1']), { code: status.NOT_FOUND });
    resource.set(healthy(2));
    await until((list) => list.devices.length === 2 && list.devices.every(({ health }) => health === 'Healthy'));
    await allocate(['test-0', 'test-1']);
  });

  test('holds as many as a node has pods, and more', async (t) => {
    const { kubelet, plugin } = bench(t);
    const { plugin: known } = await kubelet();
    plugin(testResource(healthy(1000)));
    const { until } = await known(name);
    const { devices } = await until((list) => list.devices.length === 1000);
    assert.equal(new Set(devices.map(({ ID }) => ID)).size, 1000);
  });

  test('comes in its last state when it changes a thousand times at once', async (t) => {
    const { kubelet, plugin } = bench(t);
    const resource = testResource(healthy(110));
    const { plugin: known } = await kubelet();
    plugin(resource);
    const { until, lists } = await known(name);
    await until(({ devices }) => devices.length === 110);
    for (let i = 0; i < 1000; i += 1) resource.set({ ...healthy(110), [`last-${i}`]: 'Healthy' });
    await withinMs(
      soonMs,
      until(({ devices }) => devices.some(({ ID }) => ID === 'last-999')),
    );
    assert.ok(lists.length < 1000, `${lists.length} lists were sent`);
  });
});

describe('an allocation', () => {
  test('of two containers in one request is answered in their order', async (t) => {
    const { kubelet, plugin } = bench(t);
    const { plugin: known } = await kubelet();
    plugin(testResource(healthy(3)));
    const { container_responses: answers } = await (await known(name)).allocate(['test-2'], ['test-0', 'test-1']);
    assert.deepEqual(
      answers.map(({ envs }) => envs?.['IDS']),
      ['test-2', 'test-0,test-1'],
    );
    assert.deepEqual(answers[0]?.mounts, [
      { container_path: '/inside', host_path: '/outside/test-2', read_only: true },
    ]);
    assert.deepEqual(answers[0]?.devices, [{ container_path: '/dev/in', host_path: '/dev/out', permissions: 'rw' }]);
  });

  test('is refused whole, and nothing is done, when one device of it is unknown, unhealthy or named twice', async (t) => {
    const { kubelet, plugin, events } = bench(t);
    const resource = testResource({ good: 'Healthy', bad: 'Unhealthy' });
    const { plugin: known } = await kubelet();
    plugin(resource);
    const { allocate } = await known(name);
    await assert.rejects(allocate(['good'], ['none']), { code: status.NOT_FOUND });
    await assert.rejects(allocate(['good'], ['bad']), { code: status.UNAVAILABLE, details: /AGENT_DEVICE_UNHEALTHY/ });
    await assert.rejects(allocate(['good'], ['good']), { code: status.INVALID_ARGUMENT });
    await assert.rejects(allocate(['good', 'good']), { code: status.INVALID_ARGUMENT });
    assert.deepEqual(resource.allocations, []);
    assert.deepEqual(events, ['registered', 'refused', 'refused', 'refused', 'refused']);
  });

  test('is one of 200 at once', async (t) => {
    const { kubelet, plugin } = bench(t);
    const { plugin: known } = await kubelet();
    plugin(testResource(healthy(200)));
    const { allocate } = await known(name);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => allocate([`test-${i}`])));
    answers.forEach(({ container_responses: [own] }, i) => assert.equal(own?.envs?.['IDS'], `test-${i}`));
  });
});

describe('an allocation that hangs', () => {
  const stuck = (): Resource => ({ ...testResource(healthy(2)), allocate: () => new Promise(() => undefined) });

  test('is refused in a sentence when its time is up: the kubelet itself would wait forever', async (t) => {
    const { kubelet, plugin, events } = bench(t);
    const { plugin: known } = await kubelet();
    plugin(stuck(), 200);
    const { allocate } = await known(name);
    await assert.rejects(withinMs(soonMs, allocate(['test-0'])), {
      code: status.DEADLINE_EXCEEDED,
      details: /^AGENT_TOO_SLOW: The node agent had no answer within 0\.2 seconds\. Delete the pod/,
    });
    assert.deepEqual(events, ['registered', 'refused']);
  });

  test('counts until it ends, and so many are refused at once, each in a sentence', async (t) => {
    const { kubelet, plugin } = bench(t);
    const { plugin: known } = await kubelet();
    plugin(stuck(), 200);
    const { allocate } = await known(name);
    const refused = async (): Promise<string> =>
      allocate(['test-0']).then(String, (error: ServiceError) => error.details);
    const all = await withinMs(soonMs, Promise.all(Array.from({ length: 256 }, refused)));
    assert.ok(all.every((details) => details.startsWith('AGENT_TOO_SLOW:')));
    assert.match(await withinMs(soonMs, refused()), /^AGENT_BUSY: 256 requests of the kubelet are in progress\./);
  });
});

describe('the wire', () => {
  /** Written out by hand, so that a wrong number in the file of the API cannot hide on both sides. */
  const field = (number: number, ...content: readonly (number | string)[]): Buffer => {
    const bytes = Buffer.concat(
      content.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))),
    );
    return Buffer.concat([Buffer.of((number << 3) | 2, bytes.length), bytes]);
  };

  test('has the numbers of the kubelet: Allocate', async (t) => {
    const { kubelet, plugin } = bench(t);
    const { plugin: known } = await kubelet();
    plugin(testResource({ a: 'Healthy' }));
    const { raw } = await known(name);
    const answer = await raw('/v1beta1.DevicePlugin/Allocate', field(1, ...field(1, 'a')));
    const container = [
      field(1, ...field(1, 'IDS'), ...field(2, 'a')),
      field(2, ...field(1, '/inside'), ...field(2, '/outside/a'), 0x18, 1),
      field(3, ...field(1, '/dev/in'), ...field(2, '/dev/out'), ...field(3, 'rw')),
    ];
    assert.deepEqual(answer, field(1, ...Buffer.concat(container)));
  });

  test('answers UNIMPLEMENTED to what the plugin said it does not have', async (t) => {
    const { kubelet, plugin } = bench(t);
    const { plugin: known } = await kubelet();
    plugin(testResource(healthy(1)));
    const { raw } = await known(name);
    for (const method of ['GetPreferredAllocation', 'PreStartContainer']) {
      await assert.rejects(raw(`/v1beta1.DevicePlugin/${method}`, new Uint8Array()), { code: status.UNIMPLEMENTED });
    }
  });

  test('refuses bytes that are not a message, and lives on', async (t) => {
    const { kubelet, plugin } = bench(t);
    const { plugin: known } = await kubelet();
    plugin(testResource(healthy(1)));
    const { raw, allocate } = await known(name);
    await assert.rejects(raw('/v1beta1.DevicePlugin/Allocate', Buffer.from('ffffffffff', 'hex')));
    await allocate(['test-0']);
  });

  test('of a registration has the numbers of the kubelet', () => {
    const encoded = definitions.registration['Register']?.requestSerialize({
      version: 'v1beta1',
      endpoint: 'e',
      resource_name: 'r',
      options: { pre_start_required: true, get_preferred_allocation_available: true },
    });
    assert.deepEqual(
      encoded,
      Buffer.concat([field(1, 'v1beta1'), field(2, 'e'), field(3, 'r'), field(4, 0x08, 1, 0x10, 1)]),
    );
  });

  test('of a list has the numbers of the kubelet', () => {
    const encoded = definitions.devicePlugin['ListAndWatch']?.responseSerialize({
      devices: [{ ID: 'd', health: 'Healthy', topology: { nodes: [{ ID: 1 }] } }],
    });
    const topology = field(3, ...field(1, 0x08, 1));
    assert.deepEqual(encoded, field(1, ...field(1, 'd'), ...field(2, 'Healthy'), ...topology));
  });
});
