import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { takeSeat, type Seat } from '../src/seat.ts';
import { temporaryFolder } from './support.ts';

const never = (): void => assert.fail('it stands by');

/** An agent that wants the seat. Resolves when it stands by. */
async function second(path: string): Promise<{ readonly seat: Promise<Seat>; readonly hasIt: () => boolean }> {
  let isSeated = false;
  let told: () => void = () => undefined;
  const standsBy = new Promise<void>((resolve) => (told = resolve));
  const seat = takeSeat({ path, standingBy: () => told() });
  void seat.then(() => (isSeated = true));
  await standsBy;
  return { seat, hasIt: () => isSeated };
}

describe('the seat of the agent of a node', () => {
  test('is free for the first, and reached by its user alone', async () => {
    const path = join(temporaryFolder(), 'agent.sock');
    const seat = await takeSeat({ path, standingBy: never });
    assert.equal(lstatSync(path).mode & 0o077, 0);
    await seat.leave();
    assert.ok(!existsSync(path));
  });

  test('is waited for, and taken when the first leaves it', async () => {
    const path = join(temporaryFolder(), 'agent.sock');
    const first = await takeSeat({ path, standingBy: never });
    const { seat, hasIt } = await second(path);
    assert.equal(hasIt(), false);
    await first.leave();
    await (await seat).leave();
  });

  test('is had by one of several that wait', async () => {
    const path = join(temporaryFolder(), 'agent.sock');
    const first = await takeSeat({ path, standingBy: never });
    const waiting = [await second(path), await second(path), await second(path)];
    await first.leave();
    // Each has it once, and never two at a time.
    let seated = 0;
    await Promise.all(
      waiting.map(async (one) => {
        const seat = await one.seat;
        assert.equal(++seated, 1);
        await new Promise((resolve) => setImmediate(resolve));
        seated -= 1;
        await seat.leave();
      }),
    );
  });

  test('of an agent that was killed is free', async () => {
    const path = join(temporaryFolder(), 'agent.sock');
    const code = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', code]);
    assert.ok(existsSync(path));
    await (await takeSeat({ path, standingBy: never })).leave();
  });

  test('is refused where it cannot be made, and where another file is', async () => {
    const folder = temporaryFolder();
    const refusal = { code: 'AGENT_FOLDER_REFUSED' };
    await assert.rejects(takeSeat({ path: join(folder, 'absent/agent.sock'), standingBy: never }), refusal);
    writeFileSync(join(folder, 'agent.sock'), '');
    await assert.rejects(takeSeat({ path: join(folder, 'agent.sock'), standingBy: never }), refusal);
  });
});
