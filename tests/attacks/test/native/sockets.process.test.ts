import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { skipsWithoutLayers } from '../../src/native/layer-absence.ts';
import {
  compilerAbsence,
  createAttackMachine,
  needsRoot,
  settings,
  type AttackMachine,
  type PassedKind,
  type Setting,
} from '../../src/native/machine.ts';

/** On a socket of any kind, and without one: nothing but the filter refuses these. */
const onAny = [
  'bind-to-device',
  'receive-buffer',
  'linger',
  'cookie',
  'passed-credentials',
  'memory-of-it',
  'passed-interfaces',
  'passed-hardware-address',
  'ioctl-owner',
  'ioctl-group',
  'ioctl-asynchronous',
  'set-owner',
  'set-signal',
  'set-asynchronous',
  'tee',
  'vmsplice',
  'rings',
  'socket',
  'socketpair',
];
const onTcp = ['congestion', 'no-delay', 'tcp-info', 'upper-protocol', 'time-to-live', 'passed-address'];
const outward = ['connect-elsewhere', 'fast-open', 'fast-open-message', 'fast-open-messages'];
const onConnected = [
  'passed-send',
  'passed-sendmsg',
  'passed-sendmmsg',
  'give',
  'passed-recvfrom',
  'passed-recvmmsg',
  'unsent',
  'splice',
  'sendfile',
  'pwritev2',
];

/** For each kind of socket: what only the filter refuses, what the kernel refuses as well, and what an interpreter does. */
const tried: Readonly<
  Record<
    Exclude<PassedKind, 'flood'>,
    { readonly filtered: readonly string[]; readonly kernel: readonly string[]; readonly allowed: readonly string[] }
  >
> = {
  connected: {
    filtered: [...onAny, ...onTcp, ...onConnected, 'connect-elsewhere'],
    kernel: ['connect', 'bind', 'listen', 'accept', 'accept4', 'fast-open-connect', ...outward.slice(1)],
    allowed: ['echo', 'half-close', 'ends', 'options', 'watch'],
  },
  listening: {
    filtered: [...onAny, ...onTcp, ...outward, 'listen', 'accept', 'accept4'],
    kernel: ['connect', 'bind', 'fast-open-connect', 'give', 'passed-recvmmsg'],
    allowed: ['write-stopped', 'options'],
  },
  unconnected: {
    filtered: [...onAny, ...onTcp, ...outward, 'connect', 'bind', 'listen', 'fast-open-connect'],
    kernel: ['accept', 'accept4', 'give', 'passed-recvmmsg'],
    allowed: ['write-stopped', 'options'],
  },
  unix: {
    filtered: [...onAny, ...onConnected],
    kernel: ['connect', 'bind', 'listen', 'accept', 'accept4', ...outward],
    allowed: ['echo', 'half-close', 'ends', 'options', 'watch'],
  },
};

describe('native code that holds a socket of the host’s network', { skip: compilerAbsence }, () => {
  let machine: AttackMachine;
  before(async () => {
    machine = await createAttackMachine();
  });
  after(() => machine.close());

  function lacks(setting: Setting, t: TestContext): boolean {
    return skipsWithoutLayers(machine.planOf(setting), t);
  }

  for (const setting of settings) {
    describe(`by ${setting.name}`, { skip: needsRoot(setting) }, () => {
      for (const holding of ['connected', 'listening', 'unconnected', 'unix'] as const) {
        const { filtered, kernel, allowed } = tried[holding];

        test(`cannot do with a socket that is ${holding} what it does without the filter`, (t) => {
          if (lacks(setting, t)) return;
          const off = machine.run(setting, filtered, { holding, without: 'seccomp' });
          for (const name of filtered) assert.match(off[name] ?? '', /^ok /, name);
          const on = machine.run(setting, [...filtered, ...kernel], { holding, together: true });
          for (const [name, got] of Object.entries(on)) assert.equal(got, 'EPERM', name);
        });

        test(`does with a socket that is ${holding} what an interpreter needs`, (t) => {
          if (lacks(setting, t)) return;
          const got = machine.run(setting, allowed, { holding });
          for (const name of allowed) assert.equal(got[name], 'ok 0', name);
        });
      }

      test('keeps at most 1024 of 2000 descriptors that the host sends, and all of them without the limit', (t) => {
        if (lacks(setting, t)) return;
        const holding = 'flood';
        assert.equal(machine.run(setting, ['flood'], { holding, without: 'descriptors' })['flood'], 'ok 2000');
        const kept = Number(/^ok (\d+)$/.exec(machine.run(setting, ['flood'], { holding })['flood'] ?? '')?.[1]);
        assert.ok(kept > 900 && kept < 1024, `${kept} descriptors`);
      });
    });
  }
});
