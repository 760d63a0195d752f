import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { DeviceFolderState } from '../../src/devices/served-folders.ts';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { until } from '@enclos/testkit';
import { loadDefinitions } from '../../src/plugin/definitions.ts';
import { keepSweeping } from '../../src/reclaim/keep-sweeping.ts';
import { graceMs } from '../../src/reclaim/sweep.ts';
import { startFakePodResources } from '../fake-pod-resources.ts';
import { temporaryFolder } from '../support.ts';

const definitions = loadDefinitions();

function bench(t: TestContext, folder: string) {
  const old = (device: string, path: string): DeviceFolderState => ({
    device,
    path,
    sinceMs: performance.now() - 2 * graceMs,
    isConnected: () => false,
  });
  const folders = [old('software-sgx-0', '/0/1'), old('software-sgx-1', '/1/1')];
  const indexOf = (path: string): number => folders.findIndex((one) => one.path === path);
  const said: string[] = [];
  let reclaimed = 0;
  let asked = 0;
  const stop = keepSweeping({
    definitions,
    devices: {
      folders: async () => {
        asked += 1;
        return [...folders];
      },
      async reclaim(paths) {
        for (const path of paths) folders.splice(indexOf(path), 1);
        return paths.length;
      },
    },
    folder,
    log: {
      info(event, fields) {
        said.push(`${event} ${JSON.stringify(fields)}`);
      },
      warn(event, error) {
        said.push(`${event} ${String(error)}`);
      },
    },
    reclaimed: (count) => void (reclaimed += count),
    periodMs: 5,
  });
  t.after(stop);
  return { folders, said, asked: () => asked, reclaimed: () => reclaimed };
}

describe('an agent', () => {
  test('removes the folders of pods that the kubelet does not list, counts them and says so', async (t) => {
    const folder = temporaryFolder();
    const kubelet = await startFakePodResources(definitions, folder);
    t.after(() => kubelet.close());
    kubelet.has(softwareResource, 'software-sgx-1');
    const { folders, said, reclaimed } = bench(t, folder);
    await until('it says something', () => said.length > 0);
    assert.deepEqual(said, ['folders-reclaimed {"folders":1}']);
    assert.deepEqual(
      folders.map(({ path }) => path),
      ['/1/1'],
    );
    assert.equal(reclaimed(), 1);
  });

  test('without the API removes nothing, and says so once', async (t) => {
    const { folders, said, asked } = bench(t, temporaryFolder());
    await until('it has looked several times', () => asked() > 5);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /^pods-unknown .*The kubelet did not answer at .*kubelet\.sock/);
    assert.equal(folders.length, 2);
  });
});
