import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { refusedWith } from '@enclos/process-kit';
import {
  createLab,
  enclaveProcesses,
  secret,
  type Lab,
  type WatchedSleeper,
} from '@enclos/process-kit/processes/lifetime';
import {
  descriptorCount,
  filesHolding,
  isRunning,
  processesWith,
  until,
} from '@enclos/process-kit/processes/process-watch';

/** How long any answer to a death may take: far more than it does on a busy machine, and less than a call's own time of 60 seconds. */
const soonMs = 30_000;
const lost = refusedWith('ENCLAVE_LOST');
const killed = /SIGKILL/;

let lab: Lab;
before(async () => {
  lab = await createLab();
});
after(() => lab.close());

async function soon<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not within ${soonMs} ms: ${what}.`)), soonMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const allGone = (processIds: readonly number[]): Promise<void> =>
  until('the processes are gone', () => !processIds.some(isRunning), soonMs);

async function works(platform: EmbeddedPlatform): Promise<void> {
  const { enclave } = await lab.load(platform);
  assert.equal(await enclave.call.echo({ text: 'again' }), 'again');
  await enclave.dispose();
  // The kernel closes what a process has open, which is what the platform sees, a moment before the process is gone.
  await until('its processes are gone', () => enclaveProcesses(platform).length === 0, soonMs);
}

function assertNothingOnDisk(): void {
  assert.deepEqual(filesHolding(lab.workshop.folder, secret), []);
}

describe('the end of an enclave', () => {
  let platform: EmbeddedPlatform;
  before(async () => {
    platform = await lab.workshop.startPlatform('enclaves');
  });
  after(() => platform.close());

  async function kill(sleeper: WatchedSleeper, pending: Promise<unknown>, which: 'innermost' | 'outermost') {
    const processes = enclaveProcesses(platform);
    const victim = which === 'innermost' ? processes.at(-1) : processes[0];
    assert.ok(victim !== undefined);
    const calls = [pending, sleeper.enclave.call.echo({ text: 'queued' })];
    process.kill(victim, 'SIGKILL');
    await soon('pending calls answer', Promise.all(calls.map((call) => assert.rejects(call, lost))));
    const exit = await soon('exited settles', sleeper.enclave.exited);
    assert.match(exit.detail, killed);
    // `exited` means that nothing of it runs any more, not that its wrapper is gone.
    await allGone(processes);
    await assert.rejects(sleeper.enclave.call.echo({ text: 'late' }), lost);
    await soon('dispose of a dead enclave', sleeper.enclave.dispose());
    assertNothingOnDisk();
    await works(platform);
  }

  for (const moment of ['wait', 'ask', 'spin', 'seal'] as const) {
    test(`kill -9 in the middle of ${moment} answers every call`, async () => {
      const sleeper = await lab.load(platform);
      const { pending } = await sleeper.begin(moment);
      await kill(sleeper, pending, 'innermost');
    });
  }

  test('kill -9 of its outermost process ends it just the same, also while it spins', async () => {
    const sleeper = await lab.load(platform);
    const { pending } = await sleeper.begin('spin');
    await kill(sleeper, pending, 'outermost');
  });

  test('kill -9 while it is idle is noticed by the next call', async () => {
    const { enclave } = await lab.load(platform);
    process.kill(enclaveProcesses(platform).at(-1) ?? 0, 'SIGKILL');
    assert.match((await soon('exited settles', enclave.exited)).detail, killed);
    await assert.rejects(enclave.call.echo({ text: 'late' }), lost);
    await works(platform);
  });

  for (const how of ['hang', 'spin'] as const) {
    test(`kill -9 during a start that would ${how} refuses the load`, async () => {
      const { pending } = await lab.loadForever(platform, how);
      const processes = enclaveProcesses(platform);
      process.kill(processes.at(-1) ?? 0, 'SIGKILL');
      await soon('the load is refused', assert.rejects(pending, { code: 'ENCLAVE_START_FAILED', message: killed }));
      await allGone(processes);
      await works(platform);
    });
  }

  const ends = [
    ['exception', /did not catch ended the enclave with code 1\.$/],
    ['rejection', /did not catch ended the enclave with code 1\.$/],
    ['heap', /ran out of memory: most likely its heap of \d+ MiB was full \("heapSize" in enclave\.json\)\.$/],
  ] as const;
  for (const [how, detail] of ends) {
    test(`of its own, by ${how}, says so and tells nothing from inside`, async () => {
      const { enclave } = await lab.load(platform);
      const said = { code: 'ENCLAVE_LOST', message: detail };
      await soon('the call answers', assert.rejects(enclave.call.end({ how }), said));
      assert.match((await soon('exited settles', enclave.exited)).detail, detail);
      assertNothingOnDisk();
      await works(platform);
    });
  }

  test('of its own, by memory outside the heap, is bounded', async () => {
    const { enclave } = await lab.load(platform);
    const ended = enclave.call.end({ how: 'buffers' });
    await soon('the call answers', assert.rejects(ended, refusedWith('ENCLAVE_LOST', 'ENCLAVE_CALL_FAILED')));
    await enclave.dispose();
    await works(platform);
  });

  test('of a debug enclave tells its error output, cut to what a message carries', async () => {
    const signed = await lab.workshop.signed('sleeper', { debug: true });
    const { enclave } = await lab.load(platform, { signed });
    await assert.rejects(enclave.call.end({ how: 'noise' }), { code: 'ENCLAVE_LOST', message: /code 1\.\n/ });
    const { detail } = await soon('exited settles', enclave.exited);
    assert.ok(Buffer.byteLength(detail) <= 8192);
    assert.match(detail, /the enclave with code 1\.\n/);
  });

  test('by dispose is bounded for one that spins', async () => {
    const sleeper = await lab.load(platform);
    const { pending } = await sleeper.begin('spin');
    const processes = enclaveProcesses(platform);
    const refused = assert.rejects(pending, lost);
    await soon('dispose', sleeper.enclave.dispose());
    await refused;
    await allGone(processes);
  });

  test('leaves nothing behind, twenty times over', async () => {
    await works(platform);
    const folders = lab.runtimeFolders();
    const descriptors = descriptorCount(platform.processId);
    for (let i = 0; i < 20; i += 1) await works(platform);
    assert.equal(descriptorCount(platform.processId), descriptors);
    assert.deepEqual(lab.runtimeFolders(), folders);
    await until('none is left', () => processesWith(lab.marker).length === 0, soonMs);
  });
});

describe('the end of the platform', () => {
  for (const moment of ['wait', 'ask', 'spin', 'seal', 'start', 'start-spin'] as const) {
    test(`by kill -9 in the middle of ${moment} ends its enclaves`, async () => {
      const platform = await lab.workshop.startPlatform('killed');
      const { pending } =
        moment === 'start' || moment === 'start-spin'
          ? await lab.loadForever(platform, moment === 'start' ? 'hang' : 'spin')
          : await (await lab.load(platform)).begin(moment);
      const processes = enclaveProcesses(platform);
      assert.ok(processes.length > 0);
      process.kill(platform.processId, 'SIGKILL');
      const answer = refusedWith(moment.startsWith('start') ? 'ENCLAVE_START_FAILED' : 'ENCLAVE_LOST');
      await soon('the pending call answers', assert.rejects(pending, answer));
      await soon('the platform says so', assert.rejects(platform.describe(), refusedWith('TEE_PLATFORM_LOST')));
      await allGone(processes);
      await soon('close of a dead platform', platform.close());
      assertNothingOnDisk();
    });
  }

  test('by kill -9 settles exited, and the next platform removes what is left', async () => {
    const platform = await lab.workshop.startPlatform('killed');
    const { enclave } = await lab.load(platform);
    const stale = lab.runtimeFolders();
    assert.equal(stale.length, 1, 'the folders of the platforms that were killed before are gone');
    process.kill(platform.processId, 'SIGKILL');
    assert.match((await soon('exited settles', enclave.exited)).detail, /platform process is gone/);
    await platform.close();
    const next = await lab.workshop.startPlatform('killed');
    assert.ok(!lab.runtimeFolders().some((folder) => stale.includes(folder)));
    await works(next);
    await next.close();
    assert.deepEqual(lab.runtimeFolders(), []);
  });

  test('by close ends its enclaves', async () => {
    const platform = await lab.workshop.startPlatform('closed');
    const sleeper = await lab.load(platform);
    const { pending } = await sleeper.begin('spin');
    const processes = enclaveProcesses(platform);
    const refused = assert.rejects(pending, lost);
    await soon('close', platform.close());
    await refused;
    await allGone(processes);
    await until('none is left', () => processesWith(lab.marker).length === 0, soonMs);
  });
});
