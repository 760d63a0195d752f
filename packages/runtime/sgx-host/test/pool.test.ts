import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { failsWith, until } from '@enclos/testkit';
import { NestedCalls } from '../src/calls/nested.ts';
import { ThreadPool } from '../src/calls/pool.ts';
import { ThreadEvents } from '../src/calls/thread-events.ts';
import { fakeThread, plainExit } from './fake-thread.ts';

describe('the threads of an enclave', () => {
  test('serve as many calls at once as there are, and the others in their order', async () => {
    const threads = [fakeThread(0), fakeThread(1)];
    const pool = new ThreadPool(threads);
    const begun: string[] = [];
    const call = (name: string): Promise<void> =>
      pool.use(async (thread) => {
        begun.push(`${name} on ${thread.index}`);
        await thread.enter({});
      });
    const calls = ['a', 'b', 'c', 'd'].map(call);
    await until('a call begins', () => begun.length === 2);
    assert.deepEqual(begun, ['a on 0', 'b on 1']);
    threads[1]?.leave(plainExit);
    await calls[1];
    await until('a call begins', () => begun.length === 3);
    assert.deepEqual(begun, ['a on 0', 'b on 1', 'c on 1']);
    threads[0]?.leave(plainExit);
    threads[1]?.leave(plainExit);
    await Promise.all([calls[0], calls[2]]);
    await until('a call begins', () => begun.length === 4);
    for (const thread of threads) thread.leave(plainExit);
    await calls[3];
  });

  test('are waited for by a bounded number of calls', async () => {
    const pool = new ThreadPool([fakeThread(0)], 1);
    void pool.use((thread) => thread.enter({}));
    const waiting = pool.use(() => Promise.resolve('ran'));
    await assert.rejects(
      pool.use(() => Promise.resolve()),
      failsWith('SGX_TOO_MANY_CALLS'),
    );
    pool.close(new EnclosError('SGX_ARENA_FULL'));
    await assert.rejects(waiting, failsWith('SGX_ARENA_FULL'));
    await assert.rejects(
      pool.use(() => Promise.resolve()),
      failsWith('SGX_ARENA_FULL'),
    );
  });

  test('are not waited for after an abort', async () => {
    const thread = fakeThread(0);
    const pool = new ThreadPool([thread]);
    const first = pool.use((entered) => entered.enter({}));
    const abort = new AbortController();
    const given = pool.use(() => assert.fail('it was aborted'), abort.signal);
    const later = pool.use(() => Promise.resolve('later'));
    abort.abort(new Error('enough'));
    await assert.rejects(given, /enough/);
    await assert.rejects(
      pool.use(() => assert.fail('it was aborted'), abort.signal),
      /enough/,
    );
    thread.leave(plainExit);
    await first;
    assert.equal(await later, 'later');
  });

  test('are free again when a call fails', async () => {
    const pool = new ThreadPool([fakeThread(0)]);
    await assert.rejects(
      pool.use(() => Promise.reject(new Error('it fails'))),
      /it fails/,
    );
    assert.equal(await pool.use((thread) => Promise.resolve(thread.index)), 0);
  });

  test('read memory by one that is free, or else by the first that gets out, once', async () => {
    const threads = [fakeThread(0), fakeThread(1)];
    const pool = new ThreadPool(threads);
    assert.deepEqual(await pool.access({}), [Uint8Array.of(0)]);
    const calls = threads.map((thread) => pool.use(() => thread.enter({})));
    await until('both are inside', () => threads.every(({ isInside }) => isInside()));
    const access = pool.access({});
    threads[1]?.leave(plainExit);
    assert.deepEqual(await access, [Uint8Array.of(1)]);
    threads[0]?.leave(plainExit);
    await Promise.all(calls);
    const lost = [fakeThread(0), fakeThread(1)];
    const others = new ThreadPool(lost);
    const lostCalls = lost.map((thread) => others.use(() => thread.enter({})).catch(() => undefined));
    await until('both are inside', () => lost.every(({ isInside }) => isInside()));
    const failed = others.access({});
    for (const thread of lost) thread.fail(new EnclosError('SGX_ARENA_FULL'));
    await assert.rejects(failed, failsWith('SGX_ARENA_FULL'));
    await Promise.all(lostCalls);
  });
});

describe('ECALLs during an OCALL', () => {
  test('run one after the other, and not after the OCALL', async () => {
    const order: string[] = [];
    const memory = { read: () => new Uint8Array(), reach: () => 0 };
    const nested = new NestedCalls({
      abi: 'intel',
      free: () => Promise.resolve(),
      ecall: async (index) => {
        order.push(`enter ${index}`);
        await Promise.resolve();
        order.push(`leave ${index}`);
        return { memory, address: 0n };
      },
    });
    const both = [nested.calls.ecall(1, undefined), nested.calls.ecall(2, undefined)];
    await nested.end();
    assert.deepEqual(order, ['enter 1', 'leave 1', 'enter 2', 'leave 2']);
    await Promise.all(both);
    await assert.rejects(nested.calls.ecall(3, undefined), failsWith('EDL_VALUE_REFUSED'));
  });
});

describe('the events of threads', () => {
  test('keep one token, and wake who waits', async () => {
    const events = new ThreadEvents([1n, 2n]);
    events.set(1n);
    events.set(1n);
    await events.wait(1n);
    let isAwake = false;
    const waiting = events.wait(1n).then(() => (isAwake = true));
    events.set(2n);
    await Promise.resolve();
    assert.equal(isAwake, false);
    events.set(1n);
    await waiting;
    await events.wait(2n);
  });

  test('are those of threads that there are', async () => {
    const events = new ThreadEvents([1n]);
    assert.throws(() => events.set(3n), RangeError);
    await assert.rejects(events.wait(3n), RangeError);
  });

  test('are given up one by one: an enclave that waits twice for one thread does not lose the other wait', async () => {
    const events = new ThreadEvents([1n]);
    const ended = new AbortController();
    const first = events.wait(1n, ended.signal);
    const second = events.wait(1n);
    await first;
    ended.abort();
    events.close(new Error('gone'));
    await assert.rejects(second, /gone/);
  });

  test('keep their token when a wait is given up', async () => {
    const events = new ThreadEvents([1n]);
    const ended = new AbortController();
    const waiting = events.wait(1n, ended.signal);
    ended.abort();
    await waiting;
    events.set(1n);
    await events.wait(1n);
  });

  test('fail when the enclave is gone', async () => {
    const events = new ThreadEvents([1n]);
    const waiting = events.wait(1n);
    events.close(new Error('gone'));
    await assert.rejects(waiting, /gone/);
    await assert.rejects(events.wait(1n), /gone/);
  });
});
