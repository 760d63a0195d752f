import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';
import { connectionLimits, createAdmission, hostLimits, machineMemoryBytes } from '../../src/platform/admission.ts';

const busy = { code: 'PLATFORM_BUSY' };

describe('launches', () => {
  test('are so many at once, and each ends once', () => {
    const admission = createAdmission({ maxImageBytes: 1, maxLaunches: 2, maxGates: 64, maxMemoryBytes: 0 });
    const [end] = [admission.beginLaunch(0), admission.beginLaunch(0)];
    assert.throws(() => admission.beginLaunch(0), busy);
    end?.();
    end?.();
    admission.beginLaunch(0);
    assert.throws(() => admission.beginLaunch(0), busy);
  });

  test('hold the bytes of their image until they end, also when they are refused', () => {
    const admission = createAdmission({ maxImageBytes: 10, maxLaunches: 1, maxGates: 64, maxMemoryBytes: 0 });
    admission.takeBytes(6);
    const end = admission.beginLaunch(6);
    assert.throws(() => admission.takeBytes(5), busy);
    admission.takeBytes(4);
    assert.throws(() => admission.beginLaunch(4), busy);
    admission.takeBytes(4);
    end();
    admission.takeBytes(6);
    assert.throws(() => admission.takeBytes(1), busy);
  });
});

describe('a connection', () => {
  const ofHost = { maxImageBytes: 10, maxLaunches: 3, maxGates: 64, maxMemoryBytes: 0 };
  const ofConnection = { maxImageBytes: 6, maxLaunches: 2, maxGates: 64, maxMemoryBytes: 0 };

  test('gets no more than its own part of the launches, and leaves the rest to others', () => {
    const host = createAdmission(ofHost);
    const [greedy, modest] = [createAdmission(ofConnection, host), createAdmission(ofConnection, host)];
    const ends = [greedy.beginLaunch(0), greedy.beginLaunch(0)];
    assert.throws(() => greedy.beginLaunch(0), busy);
    modest.beginLaunch(0);
    assert.throws(() => modest.beginLaunch(0), busy, 'the host has three');
    ends[0]?.();
    modest.beginLaunch(0);
  });

  test('gets no more than its own part of the bytes, and everything comes back', () => {
    const host = createAdmission(ofHost);
    const [greedy, modest] = [createAdmission(ofConnection, host), createAdmission(ofConnection, host)];
    greedy.takeBytes(6);
    assert.throws(() => greedy.takeBytes(1), busy);
    assert.throws(() => modest.takeBytes(5), busy, 'the host has ten');
    modest.takeBytes(4);
    modest.giveBytes(4);
    greedy.beginLaunch(6)();
    host.takeBytes(10);
  });

  test('whose launch is refused by itself or by its host has its bytes back in both', () => {
    for (const limits of [
      { host: { ...ofHost, maxLaunches: 0 }, connection: ofConnection },
      { host: ofHost, connection: { ...ofConnection, maxLaunches: 0 } },
    ]) {
      const host = createAdmission(limits.host);
      const connection = createAdmission(limits.connection, host);
      connection.takeBytes(6);
      assert.throws(() => connection.beginLaunch(6), busy);
      connection.takeBytes(6);
      connection.giveBytes(6);
      host.takeBytes(10);
    }
  });
});

const mib = 1024 * 1024;

test('hosts share the launches of a platform evenly, and a connection has a quarter of its host', () => {
  const memoryBytes = 8192 * mib;
  assert.deepEqual(hostLimits(1, { memoryBytes }), {
    maxImageBytes: 2 * MAX_IMAGE_BYTES,
    maxLaunches: 64,
    maxGates: 1024,
    maxMemoryBytes: 6144 * mib,
  });
  assert.deepEqual(hostLimits(16, { memoryBytes }).maxLaunches, 4);
  assert.deepEqual(hostLimits(110, { maxImageBytes: 1000, memoryBytes }), {
    maxImageBytes: 2000,
    maxLaunches: 2,
    maxGates: 64,
    maxMemoryBytes: 2 * MAX_IMAGE_BYTES,
  });
  assert.deepEqual(connectionLimits(hostLimits(1, { memoryBytes })), {
    maxImageBytes: MAX_IMAGE_BYTES,
    maxLaunches: 16,
    maxGates: 256,
    maxMemoryBytes: 4096 * mib,
  });
  assert.equal(connectionLimits(hostLimits(16, { memoryBytes })).maxLaunches, 2);
  assert.equal(hostLimits(1).maxMemoryBytes, Math.max(1024 * mib, Math.floor(0.75 * machineMemoryBytes())));
});

test('memory that launches fill is counted within that of the host, and comes back', () => {
  const limits = { maxImageBytes: 10, maxLaunches: 3, maxGates: 8 };
  const host = createAdmission({ ...limits, maxMemoryBytes: 10 });
  const [greedy, modest] = [1, 2].map(() => createAdmission({ ...limits, maxMemoryBytes: 7 }, host));
  assert.ok(greedy !== undefined && modest !== undefined);
  greedy.memory.take(7);
  assert.throws(() => greedy.memory.take(1), busy);
  // What the host refuses is not counted for the connection either.
  assert.throws(() => modest.memory.take(4), busy);
  modest.memory.take(3);
  greedy.memory.give(7);
  modest.memory.take(4);
  assert.throws(() => modest.memory.take(1), busy);
});

test('gates of SGX images are counted within those of the host, and given back once', () => {
  const host = createAdmission({ maxImageBytes: 10, maxLaunches: 3, maxGates: 8, maxMemoryBytes: 0 });
  const limits = { maxImageBytes: 10, maxLaunches: 3, maxGates: 6, maxMemoryBytes: 0 };
  const [one, other] = [createAdmission(limits, host), createAdmission(limits, host)];
  const giveBack = one.takeGates(6);
  assert.throws(() => one.takeGates(1), { code: 'PLATFORM_BUSY' });
  // What the host refuses is not counted for the connection either.
  assert.throws(() => other.takeGates(3), { code: 'PLATFORM_BUSY' });
  const rest = other.takeGates(2);
  giveBack();
  giveBack();
  one.takeGates(6);
  assert.throws(() => other.takeGates(1), { code: 'PLATFORM_BUSY' });
  rest();
  other.takeGates(2);
});
