import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { HostFolder } from '@enclos/software-sgx';
import { keptFolders, openDeviceFolders } from '../../src/devices/device-folders.ts';
import { createSoftwareDevices, type DevicePlatform, type SoftwareDevices } from '../../src/devices/software.ts';
import { temporaryFolder } from '../support.ts';

interface Bench {
  readonly root: string;
  readonly devices: SoftwareDevices;
  /** The devices that were served, and how. */
  readonly served: { readonly device: number; readonly folder: HostFolder }[];
  readonly closed: string[];
  /** How many processes are connected in a folder. */
  readonly connected: Map<string, number>;
  readonly pass: (ms: number) => void;
  readonly platform: DevicePlatform;
  readonly failures: string[];
  readonly fail: (why: Error | undefined) => void;
  readonly refuse: (path: string | undefined) => void;
}

async function bench(root = join(temporaryFolder(), 'devices')): Promise<Bench> {
  const [served, closed, failures]: [Bench['served'], string[], string[]] = [[], [], []];
  const connected = new Map<string, number>();
  let nowMs = 0;
  let broken: Error | undefined;
  let refused: string | undefined;
  const devices = createSoftwareDevices({
    count: 2,
    folders: await openDeviceFolders({ root }),
    caller: async () => ({}),
    failed: (what) => failures.push(what),
    clock: () => nowMs,
  });
  const platform: DevicePlatform = {
    folderHosts: [0, 1].map((device) => ({
      async listen(folder: HostFolder) {
        if (folder.path === refused || refused === 'all') throw new Error('no socket');
        served.push({ device, folder });
        return { connections: () => connected.get(folder.path) ?? 0, close: async () => void closed.push(folder.path) };
      },
    })),
    async check() {
      if (broken !== undefined) throw broken;
    },
  };
  return {
    root,
    devices,
    served,
    closed,
    connected,
    pass: (ms) => void (nowMs += ms),
    platform,
    failures,
    fail: (why) => (broken = why),
    refuse: (path) => (refused = path),
  };
}

const health = (devices: SoftwareDevices): readonly string[] => devices.devices().map(({ health: is }) => is);

describe('software devices', () => {
  test('work when the platform is there, and tell when that changes', async () => {
    const { devices, platform, fail, failures, root } = await bench();
    let told = 0;
    devices.watch(() => (told += 1));
    assert.deepEqual(health(devices), ['Unhealthy', 'Unhealthy']);
    await devices.probe();
    assert.deepEqual([health(devices)[0], told], ['Unhealthy', 0]);
    await devices.attach(platform);
    assert.deepEqual([health(devices)[0], told], ['Healthy', 1]);
    fail(new Error('the interpreter is another one'));
    await devices.probe();
    await devices.probe();
    assert.deepEqual([health(devices)[0], told, failures.length], ['Unhealthy', 2, 1]);
    fail(undefined);
    await devices.probe();
    assert.deepEqual([health(devices)[0], told], ['Healthy', 3]);
    chmodSync(root, 0o777);
    await devices.probe();
    assert.deepEqual([health(devices)[0], told], ['Unhealthy', 4]);
    chmodSync(root, 0o700);
    await devices.probe();
    devices.detach();
    assert.deepEqual(health(devices), ['Unhealthy', 'Unhealthy']);
  });

  test('are served in a folder for each container, as it is seen inside', async () => {
    const { devices, platform, served } = await bench();
    await devices.attach(platform);
    const answers = await Promise.all([
      devices.allocate(['software-sgx-1']),
      devices.allocate(['software-sgx-1']),
      devices.allocate(['software-sgx-0']),
    ]);
    assert.deepEqual(
      served.map(({ device }) => device),
      [1, 1, 0],
    );
    assert.ok(served.every(({ folder }) => folder.seenAs === '/run/enclos' && folder.caller !== undefined));
    assert.deepEqual(
      answers.map(({ mounts }) => mounts?.[0]?.host_path),
      served.map(({ folder }) => folder.path),
    );
    assert.equal(new Set(served.map(({ folder }) => folder.path)).size, 3);
  });

  test('are given to a container one at a time', async () => {
    const { devices, platform } = await bench();
    await devices.attach(platform);
    for (const ids of [[], ['software-sgx-0', 'software-sgx-1']]) {
      await assert.rejects(devices.allocate(ids), {
        code: 'AGENT_ALLOCATION_REFUSED',
        message: `A container has at most one enclos.dev/software-sgx: one serves all of its enclaves. This one asks for ${ids.length}.`,
      });
    }
  });

  test('leave no folder behind when it cannot be served', async () => {
    const { devices, platform, refuse, root } = await bench();
    await assert.rejects(devices.allocate(['software-sgx-0']), { code: 'AGENT_DEVICE_UNHEALTHY' });
    await devices.attach(platform);
    refuse('all');
    await assert.rejects(devices.allocate(['software-sgx-0']), /no socket/);
    assert.deepEqual(readdirSync(join(root, '0')), []);
    refuse(undefined);
    await devices.allocate(['software-sgx-0']);
  });

  test('close and remove the folder of a pod that is long gone', async () => {
    const { devices, platform, served, closed } = await bench();
    await devices.attach(platform);
    for (let i = 0; i <= keptFolders; i += 1) await devices.allocate(['software-sgx-0']);
    const oldest = served[0]?.folder.path ?? '';
    assert.deepEqual(closed, [oldest]);
    assert.ok(!existsSync(oldest));
  });

  test('are reclaimed by the folder, and nothing that is not one of theirs', async () => {
    const { devices, platform, closed, connected, pass } = await bench();
    await devices.attach(platform);
    await devices.allocate(['software-sgx-0']);
    pass(5);
    await devices.allocate(['software-sgx-1']);
    const [first, second] = await devices.folders();
    assert.deepEqual([first?.device, first?.sinceMs], ['software-sgx-0', 0]);
    assert.deepEqual([second?.device, second?.sinceMs, second?.isConnected()], ['software-sgx-1', 5, false]);
    connected.set(second?.path ?? '', 1);
    assert.equal(second?.isConnected(), true);
    assert.equal(await devices.reclaim([first?.path ?? '', '/etc', `${second?.path}/..`]), 1);
    assert.deepEqual(closed, [first?.path]);
    assert.ok(!existsSync(first?.path ?? '') && existsSync(second?.path ?? ''));
    assert.equal(await devices.reclaim([first?.path ?? '']), 0);
    assert.equal((await devices.folders()).length, 1);
  });

  test('serve the folders of running pods again, all but one that cannot be', async () => {
    const before = await bench();
    await before.devices.attach(before.platform);
    for (const id of ['software-sgx-0', 'software-sgx-0', 'software-sgx-1']) await before.devices.allocate([id]);
    const paths = before.served.map(({ folder }) => folder.path);
    const after = await bench(before.root);
    after.refuse(paths[1]);
    await after.devices.attach(after.platform);
    assert.deepEqual(
      after.served.map(({ folder }) => folder.path),
      [paths[0], paths[2]],
    );
    assert.deepEqual(after.failures, [paths[1]]);
    assert.deepEqual(health(after.devices), ['Healthy', 'Healthy']);
  });
});
