import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { every } from '../src/every.ts';
import { createLog } from '../src/log.ts';

describe('the log of the agent', () => {
  const lines: string[] = [];
  const log = createLog(
    (line) => lines.push(line),
    () => new Date('2026-06-01T12:00:00Z'),
  );
  const last = (): unknown => JSON.parse(lines.at(-1) ?? '');

  test('is a line of JSON for each event', () => {
    log.info('registered', { resource: 'a\nb' });
    assert.equal(lines.at(-1)?.split('\n').length, 2);
    assert.deepEqual(last(), {
      time: '2026-06-01T12:00:00.000Z',
      level: 'info',
      event: 'registered',
      resource: 'a\nb',
    });
  });

  test('says of an error what it is and what to do', () => {
    log.warn('refused', new EnclosError('AGENT_DEVICE_UNKNOWN', 'No such device.'), { resource: 'r' });
    const { code, message, next } = last() as Record<string, string>;
    assert.deepEqual([code, message], ['AGENT_DEVICE_UNKNOWN', 'No such device.']);
    assert.match(next ?? '', /delete the pod/);
  });

  test('says of any other its code, or that there is none', () => {
    log.warn('failed', Object.assign(new Error('no'), { code: 'EACCES' }));
    assert.equal((last() as Record<string, string>)['code'], 'EACCES');
    log.warn('failed', 'a bare word');
    assert.equal((last() as Record<string, string>)['code'], 'unknown');
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
