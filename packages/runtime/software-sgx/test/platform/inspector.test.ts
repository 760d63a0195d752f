import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { inspectedLayers } from '@enclos/isolation';
import { loaderSource } from '@enclos/loader';
import { spawnEnclave, type SpawnOptions } from '../../src/platform/process/enclave-process.ts';

test('the loader of every other enclave has nothing that makes an inspector', () => {
  for (const word of ['connectToMainThread', 'node:inspector', 'worker_threads', 'new Worker']) {
    assert.ok(!loaderSource().includes(word), word);
    assert.ok(loaderSource({ inspector: true, passage: false }).includes(word), word);
  }
});

test('no process is made for an inspector without debug', () => {
  // Nothing but these two is looked at before.
  const options = { debug: false, inspector: new Socket() } as Partial<SpawnOptions> as SpawnOptions;
  assert.throws(
    () => spawnEnclave(options),
    (error) => isEnclosError(error, 'LAUNCH_INSPECTOR_REFUSED'),
  );
});

test('an inspected enclave lists the inspector as missing, whatever else is there', () => {
  const layers = [{ name: 'seccomp', active: true, detail: 'x' }];
  const [seccomp, inspector] = inspectedLayers(layers);
  assert.deepEqual(seccomp, layers[0]);
  assert.deepEqual([inspector?.name, inspector?.active], ['inspector', false]);
});
