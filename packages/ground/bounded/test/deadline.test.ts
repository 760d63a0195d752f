import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { boundedBody, underDeadline, untilAborted, withinTime } from '../src/index.ts';

const never = new Promise<never>(() => undefined);

describe('waiting for work until a signal aborts', () => {
  test('gives what the work gives or throws', async () => {
    const { signal } = new AbortController();
    assert.equal(await untilAborted(signal, Promise.resolve(7)), 7);
    await assert.rejects(untilAborted(signal, Promise.reject(new Error('refused'))), /refused/);
  });

  test('ends with the reason of the signal, also of one that aborted before', async () => {
    const abort = new AbortController();
    const waiting = untilAborted(abort.signal, never);
    abort.abort(new Error('too late'));
    await assert.rejects(waiting, /too late/);
    await assert.rejects(untilAborted(abort.signal, Promise.resolve(7)), /too late/);
    await assert.rejects(untilAborted(abort.signal, never), /too late/);
  });

  test('leaves nothing at the signal, however often it is waited with', async () => {
    const { signal } = new AbortController();
    for (let index = 0; index < 1000; index++) await untilAborted(signal, Promise.resolve(index));
    await assert.rejects(untilAborted(signal, Promise.reject(new Error('refused'))));
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test('work that fails after that fails for no other', async () => {
    const abort = new AbortController();
    let fail = (_error: Error): void => undefined;
    const work = new Promise<never>((_resolve, reject) => (fail = reject));
    const waiting = untilAborted(abort.signal, work);
    abort.abort(new Error('too late'));
    await assert.rejects(waiting, /too late/);
    fail(new Error('not handled'));
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

describe('an exchange under a deadline', () => {
  test('ends in time whatever the network does, and its signal with it', async () => {
    let given: AbortSignal | undefined;
    const exchange = underDeadline(5, (signal) => {
      given = signal;
      return untilAborted(signal, never);
    });
    await assert.rejects(exchange, /^Error: no answer within 5 ms$/);
    assert.equal(given?.aborted, true);
  });

  test('is one time for all of its steps', async () => {
    let steps = 0;
    const exchange = underDeadline(40, async (signal) => {
      for (;;) {
        await untilAborted(signal, new Promise((resolve) => setTimeout(resolve, 10)));
        steps += 1;
      }
    });
    await assert.rejects(exchange, /within 40 ms/);
    assert.ok(steps >= 1 && steps <= 4, `${steps} steps`);
  });

  test('lets go of the rest of an answer, and of its timer', async () => {
    let given: AbortSignal | undefined;
    const body = await underDeadline(1_000_000, async (signal) => {
      given = signal;
      return boundedBody(new Response('abc'), 10, signal);
    });
    assert.deepEqual(body, new Uint8Array([97, 98, 99]));
    assert.equal(given?.aborted, true);
    await assert.rejects(
      underDeadline(1_000_000, () => Promise.reject(new Error('refused'))),
      /refused/,
    );
    // A timer that is left keeps this process until the test times out.
  });
});

describe('a step within its time', () => {
  test('has its time anew, and a late one aborts the exchange', async () => {
    const exchange = new AbortController();
    for (let index = 0; index < 4; index++) {
      await withinTime(exchange, 200, new Promise((resolve) => setTimeout(resolve, 1)));
    }
    assert.equal(exchange.signal.aborted, false);
    await assert.rejects(withinTime(exchange, 5, never), /no answer within 5 ms/);
    assert.equal(exchange.signal.aborted, true);
    await assert.rejects(withinTime(exchange, 200, never), /no answer within 5 ms/);
  });
});
