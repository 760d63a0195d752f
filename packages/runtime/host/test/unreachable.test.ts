import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import '../src/errors.ts';
import { UnreachableDestinations } from '../src/services/unreachable.ts';

const minuteMs = 60_000;

describe('destinations that cannot be reached', () => {
  let nowMs: number;
  let told: string[];
  let unreachable: UnreachableDestinations;
  const going = new AbortController().signal;

  beforeEach(() => {
    nowMs = 5;
    told = [];
    unreachable = new UnreachableDestinations(
      ({ destination, reason }) => told.push(`${destination}: ${reason}`),
      () => nowMs,
    );
  });

  async function fail(destination: string, cause: unknown, signal = going): Promise<void> {
    const error = new EnclosError('STREAM_CONNECT_FAILED', undefined, { cause });
    await assert.rejects(unreachable.watch(destination, signal, Promise.reject(error)), { code: error.code });
  }
  const code = (name: string): Error => Object.assign(new Error('secret'), { code: name });

  test('are told once for each reason', async () => {
    for (let i = 0; i < 100; i++) await fail('db', code('ECONNREFUSED'));
    await fail('cache', code('ECONNREFUSED'));
    await fail('db', new AggregateError([code('EHOSTUNREACH'), code('ECONNREFUSED')]));
    await fail('db', code('ESTRANGE'));
    await fail('db', new Error('secret'));
    assert.deepEqual(told, [
      'db: no program listens there',
      'cache: no program listens there',
      'db: no route leads there',
      'db: ESTRANGE',
      'db: no reason is known',
    ]);
  });

  test('are told again when they were reached in between, and not more than once a minute', async () => {
    const reach = (): Promise<number> => unreachable.watch('db', going, Promise.resolve(1));
    await fail('db', code('ECONNREFUSED'));
    nowMs += minuteMs - 1;
    assert.equal(await reach(), 1);
    await fail('db', code('ECONNREFUSED'));
    assert.equal(told.length, 1);
    nowMs += 1;
    await fail('db', code('ECONNREFUSED'));
    assert.equal(told.length, 1);
    await reach();
    await fail('db', code('ECONNREFUSED'));
    assert.equal(told.length, 2);
  });

  test('are not those that the enclave gave up', async () => {
    await fail('db', code('ABORT_ERR'), AbortSignal.abort());
    assert.deepEqual(told, []);
  });
});
