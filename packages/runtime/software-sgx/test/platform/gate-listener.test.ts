import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { until } from '@enclos/testkit';
import { listenForGate } from '../../src/platform/gate-listener.ts';
import { temporaryFolder } from '../support.ts';

const endedBeforeStart = { code: 'ENCLAVE_START_FAILED' };

describe('the listener of a gate', () => {
  test('gives the first connection, unread', async () => {
    const listener = await listenForGate(temporaryFolder());
    const host = connect(listener.path);
    host.write('first words');
    const gate = await listener.accept(5000);
    assert.ok(gate.isPaused());
    gate.resume();
    const chunks: readonly unknown[] = await once(gate, 'data');
    assert.equal(String(chunks[0]), 'first words');
    gate.destroy();
    host.destroy();
  });

  test('refuses a second connection, and its name is gone', async () => {
    const listener = await listenForGate(temporaryFolder());
    const host = connect(listener.path);
    const gate = await listener.accept(5000);
    assert.ok(!existsSync(listener.path));
    const errors: readonly unknown[] = await once(connect(listener.path), 'error');
    assert.match(String(errors[0]), /ENOENT|ECONNREFUSED/);
    gate.destroy();
    host.destroy();
  });

  test('gives one of two connections that come together, and ends the other', async () => {
    const listener = await listenForGate(temporaryFolder());
    const ends = [1, 2].map(() => {
      const host = connect(listener.path).on('error', () => undefined);
      host.resume();
      return new Promise<void>((resolve) => host.once('close', () => resolve()));
    });
    const gate = await listener.accept(5000);
    await Promise.race(ends);
    gate.destroy();
    await Promise.all(ends);
  });

  test('has a name that cannot be guessed, in the folder', async () => {
    const folder = temporaryFolder();
    const [one, two] = [await listenForGate(folder), await listenForGate(folder)];
    assert.match(one.path.slice(folder.length), /^\/g-[0-9a-f]{16}$/);
    assert.notEqual(one.path, two.path);
    one.close();
    two.close();
  });

  test('waits no longer than it is told', async () => {
    const listener = await listenForGate(temporaryFolder());
    await assert.rejects(listener.accept(10), endedBeforeStart);
    assert.ok(!existsSync(listener.path));
  });

  test('closed while it waits, gives up', async () => {
    const listener = await listenForGate(temporaryFolder());
    const accepted = listener.accept(60_000);
    listener.close();
    listener.close();
    await assert.rejects(accepted, endedBeforeStart);
    assert.ok(!existsSync(listener.path));
  });

  test('closed before the first request, does no harm', async () => {
    const listener = await listenForGate(temporaryFolder());
    listener.close();
    await assert.rejects(listener.accept(60_000), endedBeforeStart);
  });

  test('closed before the first request, closes the connection that waits for it', async () => {
    const listener = await listenForGate(temporaryFolder());
    const host = connect(listener.path);
    // Its name goes with the arrival of the connection.
    await until('the connection is there', () => !existsSync(listener.path));
    listener.close();
    await once(host.resume(), 'end');
    host.destroy();
  });

  test('closed after the request, leaves the connection to its new owner', async () => {
    const listener = await listenForGate(temporaryFolder());
    const host = connect(listener.path);
    const gate = await listener.accept(5000);
    listener.close();
    assert.ok(!gate.destroyed);
    gate.destroy();
    host.destroy();
  });

  test('a host that breaks off leaves no unhandled error', async () => {
    const listener = await listenForGate(temporaryFolder());
    const host = connect(listener.path);
    const gate = await listener.accept(5000);
    host.destroy();
    gate.destroy(new Error('reset by the host'));
    await new Promise<void>((resolve) => gate.once('close', () => resolve()));
  });
});
