import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import '../src/errors.ts';
import { EnclosError } from '@enclos/errors';
import { every } from '@enclos/bounded';
import { createLog } from '../src/log.ts';

describe('the log of the agent', () => {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line), writableLength: 0 };
  const log = createLog({ stream, now: () => new Date('2026-06-01T12:00:00Z') });
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;

  test('is a line of JSON for each event, in the form of every log here', () => {
    log.info('kubelet-lost', { resource: 'a\nb', epcBytes: undefined });
    assert.equal(
      lines.at(-1),
      '{"time":"2026-06-01T12:00:00.000Z","level":"info","message":"kubelet lost","event":"kubelet-lost","resource":"a\\nb"}\n',
    );
  });

  test('says of an error what it is and what to do', () => {
    log.warn('refused', new EnclosError('AGENT_DEVICE_UNKNOWN', 'No such device.'), { resource: 'r' });
    const { code, message, next, level } = last();
    assert.deepEqual([code, message, level], ['AGENT_DEVICE_UNKNOWN', 'No such device.', 'warn']);
    assert.match(String(next), /delete the pod/);
  });

  test('says of any other its code, or that there is none, and never its words', () => {
    for (const [error, code] of [
      [Object.assign(new Error('open /secret'), { code: 'EACCES' }), 'EACCES'],
      [Object.assign(new Error('/secret'), { code: 14 }), '14'],
      [Object.assign(new Error('/secret'), { code: 'of a /secret' }), 'unknown'],
      [new Error('/secret'), 'unknown'],
      ['a bare /secret', 'unknown'],
    ] as const) {
      log.warn('device-failed', error);
      assert.equal(last()['code'], code);
      assert.equal(last()['message'], 'device failed (not an error of Enclos)');
      assert.doesNotMatch(lines.at(-1) ?? '', /secret/);
    }
  });

  test('does not grow in memory when it is not read, and says later how much is missing', () => {
    const { length } = lines;
    stream.writableLength = 2 * 1024 * 1024;
    for (let i = 0; i < 3; i += 1) log.info('registered');
    assert.equal(lines.length, length);
    stream.writableLength = 0;
    log.info('registered');
    assert.match(lines.at(-2) ?? '', /"event":"log-dropped","count":3/);
    assert.equal(last()['event'], 'registered');
  });
});

describe('what is done every so often', () => {
  test('is done one at a time, goes on after a failure, and ends', async () => {
    let running = 0;
    let most = 0;
    let times = 0;
    const failures: unknown[] = [];
    await new Promise<void>((resolve) => {
      const stop = every(
        5,
        async () => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((done) => setTimeout(done, 20));
          running -= 1;
          times += 1;
          if (times === 1) throw new Error('once');
          if (times === 3) {
            stop();
            resolve();
          }
        },
        (error) => failures.push(error),
      );
    });
    await new Promise((done) => setTimeout(done, 40));
    assert.deepEqual([most, times, failures.length], [1, 3, 1]);
  });
});
