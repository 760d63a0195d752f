import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';
import { connectionLimits, createAdmission, hostLimits } from '../../src/platform/admission.ts';

const busy = { code: 'PLATFORM_BUSY' };

describe('launches', () => {
  test('are so many at once, and each ends once', () => {
    const admission = createAdmission({ maxImageBytes: 1, maxLaunches: 2, maxGates: 64 });
    const [end] = [admission.beginLaunch(0), admission.beginLaunch(0)];
    assert.throws(() => admission.beginLaunch(0), busy);
    end?.();
    end?.();
    admission.beginLaunch(0);
    assert.throws(() => admission.beginLaunch(0), busy);
  });

  test('hold the bytes of their image until they end, also when they are refused', () => {
    const admission = createAdmission({ maxImageBytes: 10, maxLaunches: 1, maxGates: 64 });
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
  const ofHost = { maxImageBytes: 10, maxLaunches: 3, maxGates: 64 };
  const ofConnection = { maxImageBytes: 6, maxLaunches: 2, maxGates: 64 };

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

test('hosts share the launches of a platform evenly, and a connection has a quarter of its host', () => {
  assert.deepEqual(hostLimits(1), { maxImageBytes: 2 * MAX_IMAGE_BYTES, maxLaunches: 64, maxGates: 1024 });
  assert.deepEqual(hostLimits(16).maxLaunches, 4);
  assert.deepEqual(hostLimits(110, 1000), { maxImageBytes: 2000, maxLaunches: 2, maxGates: 64 });
  assert.deepEqual(connectionLimits(hostLimits(1)), { maxImageBytes: MAX_IMAGE_BYTES, maxLaunches: 16, maxGates: 256 });
  assert.equal(connectionLimits(hostLimits(16)).maxLaunches, 2);
});

test('gates of SGX images are counted within those of the host, and given back once', () => {
  const host = createAdmission({ maxImageBytes: 10, maxLaunches: 3, maxGates: 8 });
  const limits = { maxImageBytes: 10, maxLaunches: 3, maxGates: 6 };
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
