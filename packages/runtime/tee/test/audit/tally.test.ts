import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import type { AuditEvent } from '../../src/audit/record.ts';
import { createTally } from '../../src/audit/tally.ts';
import { refused } from './support.ts';

function sink() {
  const written: AuditEvent[] = [];
  const state = { isFull: false };
  return {
    written,
    state,
    record(event: AuditEvent): Promise<void> {
      if (state.isFull) return Promise.reject(new EnclosError('PLATFORM_AUDIT_FAILED'));
      written.push(event);
      return Promise.resolve();
    },
    note: (event: AuditEvent) => void written.push(event),
  };
}

const key = { event: 'egetkey', enclave: '1.1', keyName: 'SEAL', code: 'OK' };

describe('a tally of events', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  test('writes the first of a kind in a second at once, and the others as one count', async () => {
    const log = sink();
    const tally = createTally(log);
    for (let i = 0; i < 1000; i++) await tally.record('enclave 1.1', key);
    assert.deepEqual(log.written, [key]);
    mock.timers.tick(1000);
    assert.deepEqual(log.written, [key, { ...key, count: 999 }]);
    await tally.record('enclave 1.1', key);
    mock.timers.tick(1000);
    assert.deepEqual(log.written.slice(2), [key]);
  });

  test('keeps kinds and subjects apart', async () => {
    const log = sink();
    const tally = createTally(log);
    const other = { ...key, enclave: '1.2' };
    for (const event of [key, { ...key, code: 'KEY_NOT_PERMITTED' }, key]) await tally.record('enclave 1.1', event);
    await tally.record('enclave 1.2', other);
    mock.timers.tick(1000);
    assert.deepEqual(
      log.written.map(({ enclave, code, count }) => [enclave, code, count]),
      [
        ['1.1', 'OK', undefined],
        ['1.1', 'KEY_NOT_PERMITTED', undefined],
        ['1.2', 'OK', undefined],
        ['1.1', 'OK', 1],
      ],
    );
  });

  test('bounds what one subject writes, and counts everything', async () => {
    const log = sink();
    const tally = createTally(log);
    const asked = 100_000;
    for (let i = 0; i < asked; i++) await tally.record('enclave 1.1', { ...key, keyPolicy: i % 65_536 });
    mock.timers.tick(1000);
    assert.ok(log.written.length <= 34, String(log.written.length));
    assert.ok(log.written.some(({ other, subject }) => other === true && subject === 'enclave 1.1'));
    const counted = log.written.reduce((sum, { count }) => sum + Number(count ?? 1), 0);
    assert.equal(counted, asked);
  });

  test('refuses with the log, and writes the next one that it can', async () => {
    const log = sink();
    const tally = createTally(log);
    log.state.isFull = true;
    for (let i = 0; i < 3; i++) {
      await assert.rejects(tally.record('enclave 1.1', key), refused('PLATFORM_AUDIT_FAILED'));
    }
    log.state.isFull = false;
    await tally.record('enclave 1.1', key);
    mock.timers.tick(1000);
    assert.deepEqual(log.written, [key]);
  });

  test('writes its counts when it is flushed', () => {
    const log = sink();
    const tally = createTally(log);
    for (let i = 0; i < 3; i++) tally.note('platform', { event: 'host-connected' });
    tally.flush();
    assert.deepEqual(log.written, [{ event: 'host-connected' }, { event: 'host-connected', count: 2 }]);
  });
});
