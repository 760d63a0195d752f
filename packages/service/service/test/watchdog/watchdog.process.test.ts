import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { until, withinMs } from '@enclos/testkit';

const beating = fileURLToPath(new URL('./beating.program.js', import.meta.url));
const watching = fileURLToPath(new URL('./watching.program.js', import.meta.url));
/** Six looks: on a busy machine a program that works may miss some. */
const silenceMs = 3000;
/** The silence, one look, and a busy machine. */
const boundMs = silenceMs + 8000;

interface Watched {
  readonly watchdog: ChildProcess;
  /** The process that is watched. On a slow machine a mute one may be killed before it can say its number. */
  readonly processId: number | undefined;
  readonly isWatched: boolean;
  /** What the watchdog said about its end. */
  readonly end: () => Promise<unknown>;
}

async function start(t: TestContext, what: string): Promise<Watched> {
  const startMs = what === 'mute' ? silenceMs : 60_000;
  const child = spawn(process.execPath, [watching, `${silenceMs}`, `${startMs}`, beating, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  // Before the wait, because a child that ends meanwhile closes once.
  const closed = once(child, 'close');
  await until('the program runs', () => text.includes('\n'));
  const [said = '', id, isWatched = ''] = /^(\d+) (\w+)\n/.exec(text) ?? [];
  const processId = id === undefined ? undefined : Number(id);
  t.after(() => {
    for (const one of [processId, child.pid]) if (isAlive(one)) process.kill(one, 'SIGKILL');
  });
  const end = (): Promise<unknown> => closed.then(() => JSON.parse(text.slice(said.length)) as unknown);
  return { watchdog: child, processId, isWatched: isWatched === 'true', end };
}

/** Never asks about 0, which is this process and its whole group. */
function isAlive(processId: number | undefined): processId is number {
  try {
    return processId !== undefined && processId > 0 && process.kill(processId, 0);
  } catch {
    return false;
  }
}

const stuck = { stuck: [silenceMs], end: { by: 'watchdog' } };

// Together: each of them waits for the silence to end.
describe('the watchdog', { concurrency: true }, () => {
  for (const [signal, why] of [
    ['SIGSTOP', 'is stopped, with all of its threads'],
    ['SIGUSR2', 'never comes back to its event loop'],
  ] as const) {
    test(`kills a program that ${why}`, async (t) => {
      const { processId, isWatched, end } = await start(t, 'beat');
      assert.ok(isWatched && processId !== undefined);
      process.kill(processId, signal);
      assert.deepEqual(await withinMs(boundMs, end()), stuck);
      assert.equal(isAlive(processId), false);
    });
  }

  test('kills a program that never says that it works', async (t) => {
    const { processId, end } = await start(t, 'mute');
    assert.deepEqual(await withinMs(boundMs, end()), stuck);
    assert.equal(isAlive(processId), false);
  });
});

describe('the watchdog', () => {
  test('leaves a program alone that works, passes on the order to end, and ends with its exit code', async (t) => {
    const { watchdog, processId, end } = await start(t, 'beat');
    // Longer than the silence that it allows.
    await pause(2 * silenceMs);
    assert.ok(isAlive(processId));
    watchdog.kill('SIGTERM');
    assert.deepEqual(await withinMs(boundMs, end()), { stuck: [], end: { by: 'itself', exitCode: 7 } });
  });

  test('tells a signal that ended the program as shells do', async (t) => {
    const { processId, end } = await start(t, 'beat');
    assert.ok(processId !== undefined);
    process.kill(processId, 'SIGKILL');
    assert.deepEqual(await withinMs(boundMs, end()), { stuck: [], end: { by: 'itself', exitCode: 137 } });
  });

  test('takes the program with it when it is killed itself', async (t) => {
    const { watchdog, processId } = await start(t, 'beat');
    watchdog.kill('SIGKILL');
    await until('the program is gone', () => !isAlive(processId), boundMs);
  });
});
