import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { superviseEnclave, type HostEventName, type SuperviseOptions } from '@enclos/host';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { signalTo } from '@enclos/testkit';
import { sleeper } from '@enclos/process-kit/enclaves/sleeper';
import { refusedWith } from '@enclos/process-kit';
import { createLab, enclaveProcesses, type Lab } from '@enclos/process-kit/processes/lifetime';
import { processesWith, until } from '@enclos/process-kit/processes/process-watch';

const lost = refusedWith('ENCLAVE_LOST');
const soonMs = 30_000;
const restart = { minDelayMs: 1, maxDelayMs: 50, resetAfterMs: 600_000, maxRestarts: 20 };

type Options = SuperviseOptions<(typeof sleeper)['trusted'], (typeof sleeper)['untrusted']>;

let lab: Lab;
let platform: EmbeddedPlatform;
before(async () => {
  lab = await createLab();
  platform = await lab.workshop.startPlatform('supervised');
});
after(() => lab.close());

const supervised = (options: Partial<Options> = {}) =>
  superviseEnclave({
    ...lab.signed,
    launcher: platform,
    interface: sleeper,
    isolation: 'best',
    restart,
    waitMs: soonMs,
    untrusted: { doing: () => undefined, answer: () => 'yes', store: () => undefined },
    ...options,
  });

const nothingRuns = (): Promise<void> =>
  until('no process is left', () => processesWith(lab.marker).length === 0, soonMs);

describe('a supervised enclave', () => {
  test('that is killed twenty times answers after each, and loses exactly the calls that were under way', async () => {
    const identities: string[] = [];
    const enclave = await supervised({
      onRestart: async ({ identity, call }) => {
        identities.push(Buffer.from(identity.mrEnclave).toString('hex'));
        assert.equal(await call.echo({ text: 'attested' }), 'attested');
      },
    });
    for (let i = 1; i <= 20; i += 1) {
      const pending = assert.rejects(enclave.call.wait(), lost);
      assert.equal(await enclave.call.echo({ text: `before ${i}` }), `before ${i}`);
      signalTo(enclaveProcesses(platform).at(-1), 'SIGKILL');
      await pending;
      assert.equal(await enclave.call.echo({ text: `after ${i}` }), `after ${i}`);
      assert.equal(enclave.restarts, i);
    }
    const first = Buffer.from(enclave.identity.mrEnclave).toString('hex');
    assert.deepEqual(
      identities,
      Array.from({ length: 20 }, () => first),
    );
    await enclave.dispose();
    await nothingRuns();
  });

  test('that crashes whenever it has started is given up', async () => {
    const events: HostEventName[] = [];
    const enclave = await supervised({
      environment: { START: 'crash' },
      restart: { ...restart, maxRestarts: 3 },
      instrumentation: { event: ({ event }) => void events.push(event) },
    });
    const { error } = await enclave.ended;
    assert.ok(isEnclosError(error, 'ENCLAVE_CRASH_LOOP'));
    assert.equal(events.filter((event) => event === 'restarting').length, 3);
    await assert.rejects(enclave.call.echo({ text: 'late' }), lost);
    await enclave.dispose();
    await nothingRuns();
  });

  test('whose platform is killed is loaded on the next one', async () => {
    const doomed = await lab.workshop.startPlatform('doomed');
    const enclave = await supervised({
      launcher: doomed,
      reconnect: () => lab.workshop.startPlatform('doomed'),
    });
    process.kill(doomed.processId, 'SIGKILL');
    await assert.rejects(enclave.call.wait(), refusedWith('ENCLAVE_LOST', 'ENCLAVE_RESTARTING'));
    await until('it runs again', () => enclave.state === 'running' && enclave.restarts === 1, soonMs);
    assert.equal(await enclave.call.echo({ text: 'again' }), 'again');
    await enclave.dispose();
    await doomed.close();
    await nothingRuns();
  });

  for (const how of ['running', 'down', 'loading'] as const) {
    test(`that is disposed of while ${how} leaves nothing`, async () => {
      const enclave = await supervised({
        restart: { ...restart, minDelayMs: how === 'down' ? 60_000 : 1, maxDelayMs: 60_000 },
      });
      if (how !== 'running') {
        signalTo(enclaveProcesses(platform).at(-1), 'SIGKILL');
        await until('it is down', () => enclave.state === 'restarting', soonMs);
      }
      if (how === 'loading') await until('the next one is made', () => enclaveProcesses(platform).length > 0, soonMs);
      await enclave.dispose();
      assert.deepEqual(await enclave.ended, { error: undefined });
      await nothingRuns();
    });
  }
});
