import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runningUsers } from '../../../src/platform/separation/running-users.ts';
import { createUserPool } from '../../../src/platform/separation/user-pool.ts';
import { temporaryFolder } from '../../support.ts';

const exhausted = { code: 'PLATFORM_USERS_EXHAUSTED' };
const range = { first: 100, last: 102 };

/** A machine whose running users the test sets. */
function machine() {
  const busy = new Set<number>();
  return { busy, running: async () => new Map([...busy].map((user) => [user, 1])) };
}

describe('a pool of users', () => {
  test('gives each user once, and none when all are taken', async () => {
    const pool = createUserPool(range, machine().running);
    const taken = await Promise.all([pool.take(), pool.take(), pool.take()]);
    assert.deepEqual(new Set(taken.map(({ id }) => id)), new Set([100, 101, 102]));
    await assert.rejects(pool.take(), exhausted);
  });

  test('gives again what is given back, the longest rested first', async () => {
    const pool = createUserPool(range, machine().running);
    const [first, second, third] = [await pool.take(), await pool.take(), await pool.take()];
    second.giveBack();
    first.giveBack();
    first.giveBack();
    assert.equal((await pool.take()).id, second.id);
    assert.equal((await pool.take()).id, first.id);
    await assert.rejects(pool.take(), exhausted, 'given back twice is given back once');
    third.giveBack();
    assert.equal((await pool.take()).id, third.id);
  });

  test('does not give a user that still runs a process, and gives it when that is gone', async () => {
    const { busy, running } = machine();
    const pool = createUserPool({ first: 100, last: 100 }, running);
    const user = await pool.take();
    busy.add(100);
    user.giveBack();
    await assert.rejects(pool.take(), exhausted);
    busy.delete(100);
    assert.equal((await pool.take()).id, 100);
  });

  test('does not give a user that comes back while the processes are looked through', async () => {
    let look = (): void => undefined;
    let looks = 0;
    const pool = createUserPool({ first: 100, last: 100 }, async () => {
      looks += 1;
      if (looks === 2) await new Promise<void>((resolve) => (look = resolve));
      return new Map();
    });
    const user = await pool.take();
    const late = pool.take();
    await new Promise(setImmediate);
    user.giveBack();
    look();
    await assert.rejects(late, exhausted);
    assert.equal((await pool.take()).id, 100);
  });

  test('cannot say that a user is free when the processes cannot be seen', async () => {
    const pool = createUserPool(range, () => runningUsers(join(temporaryFolder(), 'no-proc')));
    await assert.rejects(pool.take(), { code: 'PLATFORM_SEPARATION_UNAVAILABLE' });
  });
});

describe('the users that run', () => {
  function procFolder(processes: Readonly<Record<string, string>>): string {
    const folder = temporaryFolder();
    for (const [name, status] of Object.entries(processes)) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'status'), status);
    }
    return folder;
  }
  const status = (state: string, ids: string, threads = 1): string =>
    `Name:\tx\nState:\t${state}\nUid:\t${ids}\nThreads:\t${threads}\n`;

  test('are those of any of the four ids of a process', async () => {
    const folder = procFolder({ '7': status('S (sleeping)', '1\t2\t3\t4'), self: status('R (running)', '9\t9\t9\t9') });
    assert.deepEqual(await runningUsers(folder), new Map([1, 2, 3, 4].map((user) => [user, 7])));
  });

  test('are not those of the dead, unless another thread lives', async () => {
    const folder = procFolder({
      '1': status('S (sleeping)', '0\t0\t0\t0'),
      '2': status('Z (zombie)', '5\t5\t5\t5'),
      '3': status('Z (zombie)', '6\t6\t6\t6', 2),
    });
    assert.deepEqual([...(await runningUsers(folder)).keys()], [0, 6]);
  });

  test('are there on this machine, whose user runs this test', async () => {
    assert.ok((await runningUsers()).has(process.getuid?.() ?? -1));
  });
});
