import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { skipsWithoutLayers } from '../../src/native/layer-absence.ts';
import {
  compilerAbsence,
  createAttackMachine,
  needsRoot,
  settings,
  threadsAllowed,
  type AttackMachine,
  type Setting,
} from '../../src/native/machine.ts';

/** Refused by the system call filter, and by nothing else. */
const filtered = [
  'shared-memory',
  'growing-stack',
  'raise-limit',
  'file-in-memory',
  'shared-segment',
  'large-pipe',
  'interfaces',
  'hardware-address',
  'sendto',
  'sendmsg',
  'sendmmsg',
  'recvmmsg',
  'setsockopt',
  'peer-credentials',
  'peer-process',
  'read-attribute',
  'list-attributes',
  'own-descriptor',
  'asynchronous',
  'outlive',
  'be-traced',
  'bind-to-processor',
  'lock-memory',
  'make-folder',
  'rules-for-ports',
  'user-namespace',
];
/** What an interpreter does with its descriptors and threads. */
const allowed = ['recvmsg', 'socket-type', 'name-itself'];

/** How far an attempt got; undefined when it failed. */
function reached(printed: string | undefined): number | undefined {
  const found = /^ok (\d+)$/.exec(printed ?? '');
  return found === null ? undefined : Number(found[1]);
}

describe('native code in place of the interpreter', { skip: compilerAbsence }, () => {
  let machine: AttackMachine;
  before(async () => {
    machine = await createAttackMachine();
  });
  after(() => machine.close());

  /** With every layer that this machine gives, or not at all. */
  function lacks(setting: Setting, t: TestContext): boolean {
    return skipsWithoutLayers(machine.planOf(setting), t);
  }

  for (const setting of settings) {
    describe(`by ${setting.name}`, { skip: needsRoot(setting) }, () => {
      test('is refused by the filter what it can do without it', (t) => {
        if (lacks(setting, t)) return;
        const off = machine.run(setting, filtered, { without: 'seccomp' });
        for (const name of filtered) assert.notEqual(reached(off[name]), undefined, `${name}: ${off[name] ?? ''}`);
        const on = machine.run(setting, filtered);
        for (const name of filtered) assert.equal(on[name], 'EPERM', name);
      });

      test('keeps what an interpreter needs', (t) => {
        if (lacks(setting, t)) return;
        const got = machine.run(setting, allowed);
        for (const name of allowed) assert.equal(got[name], 'ok 0', name);
      });

      test('gets no more memory than its manifest says, where it gets 3000 MiB without the limits', (t) => {
        if (lacks(setting, t)) return;
        const names = ['private-memory', 'hidden-memory', 'address-space'];
        const off = machine.run(setting, names, { without: 'memory' });
        for (const name of names) assert.notEqual(reached(off[name]), undefined, `${name}: ${off[name] ?? ''}`);
        const on = machine.run(setting, names);
        for (const name of names) assert.equal(on[name], 'ENOMEM', name);
      });

      test('gets no more threads than its manifest says, where it gets 2000 without the bound', (t) => {
        if (lacks(setting, t)) return;
        assert.equal(reached(machine.run(setting, ['threads'], { without: 'threads' })['threads']), 2000);
        const got = reached(machine.run(setting, ['threads'])['threads']) ?? Infinity;
        assert.ok(got > 32 && got < threadsAllowed, `${got} threads`);
      });

      test('gets none of ten descriptors that the starter of the platform left open, and 1024 at most', (t) => {
        if (lacks(setting, t)) return;
        const leaking = true;
        assert.equal(machine.run(setting, ['inherited'], { leaking, without: 'descriptors' })['inherited'], 'ok 10');
        assert.equal(machine.run(setting, ['inherited'], { leaking })['inherited'], 'ok 0');
        assert.equal(machine.run(setting, ['descriptors'], { without: 'descriptors' })['descriptors'], 'ok 3000');
        const kept = reached(machine.run(setting, ['descriptors'])['descriptors']) ?? Infinity;
        assert.ok(kept < 1024, `${kept} descriptors`);
      });
    });
  }
});
