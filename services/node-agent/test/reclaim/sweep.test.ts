import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeviceFolderState } from '../../src/devices/served-folders.ts';
import { createSweep, graceMs } from '../../src/reclaim/sweep.ts';

interface Folder extends DeviceFolderState {
  connected?: boolean;
}

function bench() {
  const folders: Folder[] = [];
  const indexOf = (path: string): number => folders.findIndex((folder) => folder.path === path);
  const removed: string[] = [];
  let nowMs = 0;
  let held: () => Promise<ReadonlySet<string>> = async () => new Set();
  const sweep = createSweep({
    devices: {
      folders: async () => [...folders],
      async reclaim(paths) {
        removed.push(...paths);
        for (const path of paths) folders.splice(indexOf(path), 1);
        return paths.length;
      },
    },
    held: () => held(),
    now: () => nowMs,
  });
  return {
    removed,
    /** The kubelet allocates a device. */
    make: (device: string, path: string) => {
      const folder: Folder = { device, path, sinceMs: nowMs, isConnected: () => folder.connected === true };
      folders.push(folder);
      return folder;
    },
    pass: (ms: number) => void (nowMs += ms),
    has: (...devices: readonly string[]) => void (held = async () => new Set(devices)),
    answers: (answer: () => Promise<ReadonlySet<string>>) => void (held = answer),
    run: () => sweep.run(),
  };
}

describe('the folders of a device that no pod has', () => {
  test('go when two lists say so', async () => {
    const { make, pass, run, removed, has } = bench();
    has('d1');
    make('d0', '/0/1');
    make('d0', '/0/2');
    make('d1', '/1/1');
    pass(graceMs);
    assert.equal(await run(), 0);
    assert.equal(await run(), 2);
    assert.deepEqual(removed, ['/0/1', '/0/2']);
  });

  test('stay while the list may be older than the allocation', async () => {
    const { make, pass, run, removed } = bench();
    make('d0', '/0/1');
    pass(graceMs - 1);
    for (let i = 0; i < 5; i += 1) await run();
    assert.deepEqual(removed, []);
    pass(1);
    await run();
    assert.deepEqual(removed, []);
    await run();
    assert.deepEqual(removed, ['/0/1']);
  });

  test('stay when the device is given out again between the lists, and while the kubelet is asked', async () => {
    const { make, pass, run, removed, has, answers } = bench();
    make('d0', '/0/1');
    pass(graceMs);
    await run();
    has('d0');
    await run();
    answers(async () => {
      make('d0', '/0/2');
      pass(10 * graceMs);
      return new Set();
    });
    await run();
    await run();
    assert.deepEqual(removed, ['/0/1']);
  });

  test('stay when the kubelet does not answer in between: both lists have to come', async () => {
    const { make, pass, run, removed, has, answers } = bench();
    make('d0', '/0/1');
    pass(graceMs);
    await run();
    answers(async () => {
      throw new Error('no kubelet');
    });
    await assert.rejects(run(), /no kubelet/);
    has();
    await run();
    assert.deepEqual(removed, []);
    await run();
    assert.deepEqual(removed, ['/0/1']);
  });

  test('stay while a process is connected there', async () => {
    const { make, pass, run, removed } = bench();
    const folder = make('d0', '/0/1');
    folder.connected = true;
    pass(graceMs);
    await run();
    await run();
    assert.deepEqual(removed, []);
    folder.connected = false;
    await run();
    assert.deepEqual(removed, ['/0/1']);
  });
});

describe('the folders of a device that a pod has', () => {
  test('stay, of all containers of the pod; those of earlier pods go', async () => {
    const { make, pass, run, removed, has } = bench();
    make('d0', '/0/1');
    pass(graceMs);
    has('d0');
    make('d0', '/0/2');
    pass(graceMs - 1);
    make('d0', '/0/3');
    pass(10 * graceMs);
    await run();
    await run();
    assert.deepEqual(removed, ['/0/1']);
  });
});
