import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { createTrial, type Trial } from '../../src/devices/trial.ts';

interface Bench {
  readonly trial: Trial;
  readonly launches: (readonly string[])[];
  readonly at: (seconds: number) => void;
  readonly refuse: (refused: (cgroups: readonly string[]) => boolean) => void;
}

function bench(identify?: () => Promise<void>): Bench {
  const launches: (readonly string[])[] = [];
  let nowMs = 0;
  let refused = (_cgroups: readonly string[]): boolean => false;
  const trial = createTrial({
    async launch(cgroups) {
      launches.push(cgroups);
      if (refused(cgroups)) throw new EnclosError('ENCLAVE_START_FAILED');
    },
    cgroups: ['/pods/agent'],
    identify,
    now: () => nowMs,
  });
  return {
    trial,
    launches,
    at: (seconds) => void (nowMs = seconds * 1000),
    refuse: (which) => void (refused = which),
  };
}

describe('a trial launch', () => {
  test('is made at the first look, then every five minutes', async () => {
    const { trial, launches, at } = bench();
    for (const second of [0, 2, 100, 299, 301]) {
      at(second);
      await trial.check();
    }
    assert.deepEqual(launches, [['/pods/agent'], ['/pods/agent']]);
  });

  test('that failed is remembered, and made again after thirty seconds', async () => {
    const { trial, launches, at, refuse } = bench();
    refuse(() => true);
    await assert.rejects(trial.check(), { code: 'ENCLAVE_START_FAILED' });
    at(20);
    refuse(() => false);
    await assert.rejects(trial.check(), { code: 'ENCLAVE_START_FAILED' });
    // With the cgroup, and once without.
    assert.equal(launches.length, 2);
    at(31);
    await trial.check();
  });

  test('is made sooner on a suspicion, but pods cannot cause many of them', async () => {
    const { trial, launches, at } = bench();
    await trial.check();
    for (let second = 1; second <= 60; second += 1) {
      at(second);
      trial.suspect();
      await trial.check();
    }
    assert.equal(launches.length, 7);
  });

  test('tells a cgroup that cannot be entered from a process that cannot be started', async () => {
    const { trial, refuse } = bench();
    refuse((cgroups) => cgroups.length > 0);
    await assert.rejects(trial.check(), {
      code: 'AGENT_CGROUP_UNAVAILABLE',
      message: /cannot enter the cgroup of a pod/,
    });
  });

  test('is not made when callers cannot be identified, which is the reason then', async () => {
    const unknown = new EnclosError('AGENT_CALLER_UNKNOWN');
    const { trial, launches } = bench(() => Promise.reject(unknown));
    await assert.rejects(trial.check(), unknown);
    assert.deepEqual(launches, []);
  });
});
