import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnclosError, isEnclosError, type ErrorCode } from '@enclos/errors';
import type { Launcher } from '@enclos/tee';
import type { HostEventName, Instrumentation } from '../src/observe/instrumentation.ts';
import { superviseEnclave } from '../src/supervise/supervise.ts';
import type { SuperviseOptions } from '../src/supervise/supervision.ts';
import {
  createInProcessLauncher,
  type example,
  loadOptions,
  type InProcessLauncher,
  type InProcessOptions,
} from './in-process-enclave.ts';
import { createManualClock, turns } from './manual-clock.ts';

type Options = SuperviseOptions<(typeof example)['trusted'], (typeof example)['untrusted']>;

const refused = (code: ErrorCode) => (error: unknown) => isEnclosError(error, code);
const restart = { minDelayMs: 100, maxDelayMs: 1000, factor: 2, jitter: 0, resetAfterMs: 60_000, maxRestarts: 3 };

function recorder(): { readonly instrumentation: Instrumentation; readonly events: HostEventName[] } {
  const events: HostEventName[] = [];
  return { instrumentation: { event: ({ event }) => void events.push(event) }, events };
}

async function supervised(
  launching: InProcessOptions = {},
  options: Partial<Options> = {},
  link: Pick<Launcher, 'closed'> = {},
) {
  const clock = createManualClock();
  const launcher = { ...createInProcessLauncher(launching), ...link };
  const enclave = await superviseEnclave({ ...loadOptions(launcher), restart, clock, random: () => 0, ...options });
  const kill = async (): Promise<void> => {
    launcher.enclaves.at(-1)?.kill();
    await turns();
  };
  return { enclave, clock, launcher, kill };
}

async function assertNothingLeft(launcher: InProcessLauncher, clock: { readonly delays: readonly number[] }) {
  await turns();
  assert.equal(launcher.running(), 0);
  assert.deepEqual(clock.delays, []);
}

describe('a supervised enclave', () => {
  test('runs again after its end, behind a delay, and the same calls reach it', async () => {
    const { enclave, clock, launcher, kill } = await supervised();
    assert.equal(await enclave.call.echo({ text: 'one' }), 'one');
    await kill();
    assert.deepEqual([enclave.state, clock.delays], ['restarting', [100]]);
    await clock.pass(99);
    assert.equal(launcher.launches(), 1);
    await clock.pass(1);
    assert.deepEqual([enclave.state, enclave.restarts, launcher.launches()], ['running', 1, 2]);
    assert.equal(await enclave.call.echo({ text: 'two' }), 'two');
    await enclave.dispose();
    assert.equal(enclave.state, 'ended');
    await assertNothingLeft(launcher, clock);
  });

  test('calls under way when it ends are lost, and not made again', async () => {
    let asked = 0;
    const { enclave, clock, kill } = await supervised(
      {},
      {
        waitMs: 10_000,
        untrusted: {
          answer: () => {
            asked += 1;
            return new Promise<string>(() => undefined);
          },
        },
      },
    );
    const calls = [enclave.call.hold(), enclave.call.ask()];
    await turns();
    const settled = Promise.all(calls.map((call) => assert.rejects(call, refused('ENCLAVE_LOST'))));
    await kill();
    await settled;
    await clock.pass(100);
    await turns();
    assert.equal(asked, 1);
    await enclave.dispose();
  });

  test('calls while it is down are refused at once unless they may wait', async () => {
    const { enclave, kill } = await supervised();
    await kill();
    await assert.rejects(enclave.call.echo({ text: '' }), refused('ENCLAVE_RESTARTING'));
    await enclave.dispose();
    await assert.rejects(enclave.call.echo({ text: '' }), refused('ENCLAVE_LOST'));
  });

  test('calls wait for it, so long and no longer, with the arguments that they were made with', async () => {
    const { enclave, clock, launcher, kill } = await supervised({}, { waitMs: 150, maxWaitingCalls: 3 });
    await kill();
    const args = { text: 'before' };
    const controller = new AbortController();
    const waits = enclave.call.echo(args);
    const late = assert.rejects(enclave.call.echo({ text: '' }, { timeoutMs: 50 }), refused('GATE_DEADLINE'));
    const cancelled = enclave.call.echo({ text: '' }, { signal: controller.signal });
    await assert.rejects(enclave.call.echo({ text: 'one too many' }), refused('ENCLAVE_RESTARTING'));
    args.text = 'after';
    controller.abort();
    await assert.rejects(cancelled, refused('GATE_CANCELLED'));
    await clock.pass(50);
    await late;
    await clock.pass(50);
    assert.equal(await waits, 'before');

    await kill();
    const inVain = assert.rejects(enclave.call.echo({ text: '' }), refused('ENCLAVE_RESTARTING'));
    await clock.pass(150);
    await inVain;
    assert.equal(launcher.launches(), 2);
    await enclave.dispose();
    await assertNothingLeft(launcher, clock);
  });

  test('delays grow, bounded, and begin anew after a run that was long enough', async () => {
    const delays: number[] = [];
    const { enclave, clock, kill } = await supervised({}, { restart: { ...restart, maxDelayMs: 300, maxRestarts: 9 } });
    const next = async (): Promise<void> => {
      await kill();
      const [delayMs = 0] = clock.delays;
      delays.push(delayMs);
      await clock.pass(delayMs);
      assert.equal(enclave.state, 'running');
    };
    for (let i = 0; i < 4; i++) await next();
    await clock.pass(59_999);
    await next();
    await clock.pass(60_000);
    await next();
    assert.deepEqual(delays, [100, 200, 300, 300, 300, 100]);
    await enclave.dispose();
  });

  test('a crash loop ends the supervision, and says so', async () => {
    const { instrumentation, events } = recorder();
    const { enclave, clock, launcher, kill } = await supervised({}, { instrumentation, waitMs: 10_000 });
    for (const delayMs of [100, 200, 400]) {
      await kill();
      await clock.pass(delayMs);
    }
    await kill();
    const { error } = await enclave.ended;
    assert.ok(isEnclosError(error, 'ENCLAVE_CRASH_LOOP'));
    assert.equal(error.details['restarts'], 3);
    assert.deepEqual([enclave.state, enclave.restarts, launcher.launches()], ['ended', 3, 4]);
    assert.deepEqual(events.slice(-2), ['lost', 'supervision-ended']);
    await assert.rejects(enclave.call.echo({ text: '' }), refused('ENCLAVE_LOST'));
    await enclave.dispose();
    await assertNothingLeft(launcher, clock);
  });

  test('a start that fails counts as a restart, and its failure is the cause in the end', async () => {
    const { enclave, clock, launcher, kill } = await supervised({
      start: (number) => {
        if (number > 0) throw new EnclosError('ENCLAVE_APPLICATION_ERROR', 'The database is away.');
      },
    });
    await kill();
    for (const delayMs of [100, 200, 400]) await clock.pass(delayMs);
    const { error } = await enclave.ended;
    assert.ok(isEnclosError(error, 'ENCLAVE_CRASH_LOOP'));
    assert.ok(isEnclosError(error.cause, 'ENCLAVE_APPLICATION_ERROR'));
    assert.equal(launcher.launches(), 4);
    await assertNothingLeft(launcher, clock);
  });

  for (const code of [
    'ISOLATION_UNAVAILABLE',
    'SIGSTRUCT_SIGNATURE',
    'LAUNCH_MEASUREMENT_MISMATCH',
    'LAUNCH_DEBUG_REFUSED',
    'INTERPRETER_MISMATCH',
    'TEE_PLATFORM_LOST',
  ] as const) {
    test(`${code} at a restart ends the supervision at once`, async () => {
      const { enclave, clock, launcher, kill } = await supervised({
        beforeLaunch: (number) => {
          if (number > 0) throw new EnclosError(code);
        },
      });
      await kill();
      await clock.pass(100);
      assert.ok(isEnclosError((await enclave.ended).error, code));
      assert.equal(launcher.launches(), 2);
      await assertNothingLeft(launcher, clock);
    });
  }

  for (const code of ['PLATFORM_BUSY', 'TEE_PLATFORM_UNREACHABLE', 'ENCLAVE_START_FAILED'] as const) {
    test(`${code} at a restart is tried again`, async () => {
      const { enclave, clock, kill } = await supervised({
        beforeLaunch: (number) => {
          if (number === 1) throw new EnclosError(code);
        },
      });
      await kill();
      await clock.pass(100);
      assert.equal(enclave.state, 'restarting');
      await clock.pass(200);
      assert.deepEqual([enclave.state, enclave.restarts], ['running', 1]);
      await enclave.dispose();
    });
  }

  test('a failure of the first load is thrown, and nothing is left', async () => {
    const launcher = createInProcessLauncher({
      start: () => {
        throw new EnclosError('ENCLAVE_APPLICATION_ERROR');
      },
    });
    await assert.rejects(superviseEnclave(loadOptions(launcher)), refused('ENCLAVE_APPLICATION_ERROR'));
    assert.deepEqual([launcher.launches(), launcher.running()], [1, 0]);
  });

  test('another identity after a restart ends the supervision, and that enclave', async () => {
    let told = 0;
    const { enclave, clock, launcher, kill } = await supervised(
      { mrEnclave: (number) => number },
      { onRestart: () => void (told += 1) },
    );
    await kill();
    await clock.pass(100);
    assert.ok(isEnclosError((await enclave.ended).error, 'ENCLAVE_IDENTITY_CHANGED'));
    assert.equal(told, 0);
    await assertNothingLeft(launcher, clock);
  });

  test('onRestart has the new enclave to itself until it is done', async () => {
    let attested: () => void = () => undefined;
    const seen: unknown[] = [];
    const { enclave, clock, kill } = await supervised(
      {},
      {
        waitMs: 10_000,
        async onRestart({ restarts, call, identity }) {
          seen.push([restarts, identity.mrEnclave.length, await call.echo({ text: 'first' })]);
          await new Promise<void>((resolve) => (attested = resolve));
        },
      },
    );
    await kill();
    const waits = enclave.call.echo({ text: 'second' });
    await clock.pass(100);
    assert.deepEqual([seen, enclave.state], [[[1, 32, 'first']], 'restarting']);
    attested();
    assert.equal(await waits, 'second');
    assert.equal(enclave.state, 'running');
    await enclave.dispose();
  });

  test('an onRestart that rejects, or whose enclave ends meanwhile, is a failed restart', async () => {
    let calls = 0;
    const { enclave, clock, launcher, kill } = await supervised(
      {},
      {
        onRestart() {
          calls += 1;
          if (calls === 1) throw new Error('not attested');
          return calls === 2 ? new Promise(() => undefined) : undefined;
        },
      },
    );
    await kill();
    await clock.pass(100);
    assert.deepEqual([enclave.state, launcher.running()], ['restarting', 0]);
    await clock.pass(200);
    assert.equal(launcher.running(), 1);
    await kill();
    assert.deepEqual([enclave.state, launcher.running()], ['restarting', 0]);
    await clock.pass(400);
    assert.equal(enclave.state, 'running');
    await enclave.dispose();
    await assertNothingLeft(launcher, clock);
  });

  test('a platform that is gone is connected to again', async () => {
    const second = createInProcessLauncher();
    let closed = 0;
    let connections = 0;
    const { enclave, clock, launcher, kill } = await supervised(
      {
        beforeLaunch: (number) => {
          if (number > 0) throw new EnclosError('TEE_PLATFORM_LOST');
        },
      },
      {
        reconnect() {
          connections += 1;
          if (connections === 1) throw new EnclosError('TEE_PLATFORM_UNREACHABLE');
          return Promise.resolve({ ...second, close: () => Promise.resolve(void (closed += 1)) });
        },
      },
    );
    await kill();
    for (const delayMs of [100, 200, 400]) await clock.pass(delayMs);
    assert.deepEqual([enclave.state, connections, second.running()], ['running', 2, 1]);
    await enclave.dispose();
    assert.equal(closed, 1);
    assert.equal(second.running() + launcher.running(), 0);
  });
});

describe('work that may be done twice', () => {
  test('is begun again in the next enclave when one is lost, and its calls never reach two', async () => {
    const { enclave, clock, kill } = await supervised();
    const seen: unknown[] = [];
    const result = enclave.repeat(async (call, attempt) => {
      seen.push(attempt, await call.echo({ text: 'begun' }));
      if (attempt === 1) await call.hold();
      return call.echo({ text: `done in ${attempt}` });
    });
    await turns();
    await kill();
    await clock.pass(100);
    assert.equal(await result, 'done in 2');
    assert.deepEqual(seen, [1, 'begun', 2, 'begun']);
    await enclave.dispose();
  });

  test('that begins while there is no enclave waits for one', async () => {
    const { enclave, clock, kill } = await supervised();
    await kill();
    const result = enclave.repeat((call) => call.echo({ text: 'late' }));
    await clock.pass(100);
    assert.equal(await result, 'late');
    await enclave.dispose();
  });

  test('is begun no more often than it says, and not after another error', async () => {
    const { enclave, clock, kill } = await supervised();
    let begun = 0;
    const held = enclave.repeat((call) => (begun++, call.hold()), { attempts: 2 });
    const lost = assert.rejects(held, refused('ENCLAVE_LOST'));
    for (const delayMs of [100, 200]) {
      await turns();
      await kill();
      await clock.pass(delayMs);
    }
    await lost;
    assert.equal(begun, 2);
    await assert.rejects(
      enclave.repeat((call) => (begun++, call.fail())),
      refused('ENCLAVE_APPLICATION_ERROR'),
    );
    await assert.rejects(
      enclave.repeat(() => (begun++, Promise.reject(new EnclosError('ENCLAVE_LOST', 'another enclave')))),
      /another enclave/,
    );
    assert.equal(begun, 4);
    await assert.rejects(
      enclave.repeat((call) => call.echo({ text: '' }), { attempts: 0 }),
      refused('HOST_OPTION_INVALID'),
    );
    await enclave.dispose();
    await assert.rejects(
      enclave.repeat((call) => call.echo({ text: '' })),
      refused('ENCLAVE_LOST'),
    );
  });
});

describe('a platform that ends', () => {
  test('during the first load is replaced, when it can be', async () => {
    const lost = createInProcessLauncher({
      beforeLaunch: () => {
        throw new EnclosError('TEE_PLATFORM_LOST');
      },
    });
    await assert.rejects(superviseEnclave(loadOptions(lost)), refused('TEE_PLATFORM_LOST'));
    const next = createInProcessLauncher();
    const enclave = await superviseEnclave({ ...loadOptions(lost), reconnect: () => Promise.resolve(next) });
    assert.deepEqual([lost.launches(), next.running(), enclave.restarts], [2, 1, 0]);
    await enclave.dispose();
    let open = 0;
    const close = (): Promise<void> => Promise.resolve(void (open -= 1));
    const reconnect = (): Promise<Launcher> => Promise.resolve({ ...lost, close, connection: (open += 1) });
    await assert.rejects(superviseEnclave({ ...loadOptions(lost), reconnect }), refused('TEE_PLATFORM_LOST'));
    assert.equal(open, 0);
  });

  test('and whose end is known is not asked again', async () => {
    let ended: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (ended = resolve));
    const second = createInProcessLauncher();
    const { enclave, clock, launcher, kill } = await supervised(
      {},
      { reconnect: () => Promise.resolve(second) },
      { closed },
    );
    ended();
    await kill();
    await clock.pass(100);
    assert.deepEqual([enclave.state, launcher.launches(), second.launches()], ['running', 1, 1]);
    await enclave.dispose();
  });

  test('does not hold up the end of the supervision while the next one is waited for', async () => {
    const closed: string[] = [];
    let connected: (launcher: Launcher) => void = () => undefined;
    const { enclave, clock, kill } = await supervised(
      {},
      { reconnect: () => new Promise((resolve) => (connected = resolve)) },
      { closed: Promise.resolve() },
    );
    await kill();
    await clock.pass(100);
    await enclave.dispose();
    assert.deepEqual(await enclave.ended, { error: undefined });
    connected({ ...createInProcessLauncher(), close: () => Promise.resolve(void closed.push('late')) });
    await turns();
    assert.deepEqual(closed, ['late']);
  });
});

describe('dispose of a supervised enclave', () => {
  test('while it runs, twice', async () => {
    const { enclave, clock, launcher } = await supervised();
    const call = assert.rejects(enclave.call.hold(), refused('ENCLAVE_LOST'));
    await Promise.all([enclave.dispose(), enclave.dispose()]);
    await call;
    assert.deepEqual(await enclave.ended, { error: undefined });
    await assertNothingLeft(launcher, clock);
  });

  test('during the delay: calls that wait are told, nothing is started', async () => {
    const { enclave, clock, launcher, kill } = await supervised({}, { waitMs: 10_000 });
    await kill();
    const waits = assert.rejects(enclave.call.echo({ text: '' }), refused('ENCLAVE_LOST'));
    await enclave.dispose();
    await waits;
    assert.equal(launcher.launches(), 1);
    await assertNothingLeft(launcher, clock);
  });

  test('during the launch', async () => {
    const { enclave, clock, launcher, kill } = await supervised({
      beforeLaunch: (number, signal) =>
        number === 0 ? undefined : new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
    });
    await kill();
    await clock.pass(100);
    assert.equal(launcher.launches(), 2);
    await enclave.dispose();
    assert.deepEqual(await enclave.ended, { error: undefined });
    await assertNothingLeft(launcher, clock);
  });

  test('during the start of the application', async () => {
    const { enclave, clock, launcher, kill } = await supervised({
      start: (number) => (number === 0 ? undefined : new Promise(() => undefined)),
    });
    await kill();
    await clock.pass(100);
    assert.equal(launcher.running(), 1);
    await enclave.dispose();
    await assertNothingLeft(launcher, clock);
  });

  test('during onRestart', async () => {
    const { enclave, clock, launcher, kill } = await supervised({}, { onRestart: () => new Promise(() => undefined) });
    await kill();
    await clock.pass(100);
    assert.equal(launcher.running(), 1);
    await enclave.dispose();
    await assertNothingLeft(launcher, clock);
  });
});

describe('the options of a supervisor', () => {
  for (const options of [
    { restart: { minDelayMs: -1 } },
    { restart: { factor: 0.5 } },
    { restart: { jitter: 2 } },
    { restart: { maxRestarts: Number.NaN } },
    { waitMs: -1 },
    { maxWaitingCalls: Number.POSITIVE_INFINITY },
  ] satisfies readonly Partial<Options>[]) {
    test(`${JSON.stringify(options)} is refused before anything is loaded`, async () => {
      const launcher = createInProcessLauncher();
      await assert.rejects(superviseEnclave({ ...loadOptions(launcher), ...options }), refused('HOST_OPTION_INVALID'));
      assert.equal(launcher.launches(), 0);
    });
  }

  test('jitter takes a part of the delay away', async () => {
    const { enclave, clock, kill } = await supervised({}, { restart: { ...restart, jitter: 0.5 }, random: () => 0.5 });
    await kill();
    assert.deepEqual(clock.delays, [75]);
    await enclave.dispose();
  });
});
