import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostService, type HostedService } from '../src/program/index.ts';

interface Hosted {
  readonly service: HostedService;
  readonly steps: string[];
  /** Ends the enclave. */
  readonly lose: () => void;
  readonly ready: () => Promise<string>;
}

async function hosted(drain: (ready: () => Promise<string>) => Promise<void>): Promise<Hosted> {
  const steps: string[] = [];
  let lose = (): void => undefined;
  const exited = new Promise<{ detail: string }>((resolve) => {
    lose = () => resolve({ detail: 'It was killed.' });
  });
  const quiet = (): void => undefined;
  const service = await hostService({
    enclave: { exited, identity: { mrEnclave: new Uint8Array(32) }, listeners: { https: { host: 'here', port: 7 } } },
    admin: { host: '127.0.0.1', port: 0 },
    metrics: async () => 'some 1\n',
    drain: () => drain(ready),
    close: async () => void steps.push(`closed, and readiness is ${await ready()}`),
    logger: {
      debug: quiet,
      info: (fields) => void steps.push(`${fields['event']} ${fields['port']} ${fields['extra']}`),
      warn: quiet,
      error: quiet,
    },
    facts: { extra: 'fact' },
  });
  async function ready(): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${service.adminPort}/readyz`).catch(() => undefined);
    return answer === undefined ? 'gone' : (await answer.text()).trim();
  }
  return { service, steps, lose: () => lose(), ready };
}

test('readiness ends first, then what has begun is answered, then all is closed', async () => {
  let during = '';
  const { service, steps, ready } = await hosted(async (look) => void (during = await look()));
  assert.deepEqual([service.address, await ready()], [{ host: 'here', port: 7 }, 'ok']);
  assert.equal(await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text(), 'some 1\n');
  await service.stop();
  assert.equal(during, 'draining');
  assert.deepEqual(steps, ['listening 7 fact', 'closed, and readiness is gone']);
});

test('an enclave that is lost is not ready, and everything is closed although it cannot drain', async () => {
  const { service, steps, lose, ready } = await hosted(async () => Promise.reject(new Error('It is lost.')));
  lose();
  assert.equal(await service.ended, 'It was killed.');
  assert.equal(await ready(), 'the enclave has ended');
  await service.stop();
  assert.equal(steps.at(-1), 'closed, and readiness is gone');
});
