import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { watchLateWork } from '../src/late-work.ts';

interface Work {
  readonly name: string;
}

function watched(t: TestContext, timeoutMs: number) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const pending = new Set<Work>();
  const late: string[] = [];
  const timer = watchLateWork(
    timeoutMs,
    () => pending,
    (work) => {
      pending.delete(work);
      late.push(work.name);
    },
  );
  return { pending, late, timer };
}

describe('work with the usual time', () => {
  test('is late after it, and at most an eighth later', (t) => {
    const { pending, late } = watched(t, 800);
    t.mock.timers.tick(50);
    pending.add({ name: 'first' });
    t.mock.timers.tick(800);
    assert.deepEqual(late, []);
    t.mock.timers.tick(50);
    assert.deepEqual(late, ['first']);
    t.mock.timers.tick(8000);
    assert.deepEqual(late, ['first']);
  });

  test('each piece has its own count, and what has settled is never late', (t) => {
    const { pending, late } = watched(t, 800);
    const settled = { name: 'settled' };
    pending.add(settled);
    t.mock.timers.tick(400);
    pending.add({ name: 'second' });
    t.mock.timers.tick(300);
    pending.delete(settled);
    t.mock.timers.tick(500);
    assert.deepEqual(late, []);
    t.mock.timers.tick(100);
    assert.deepEqual(late, ['second']);
  });

  test('that stays pending is told again after the same time', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const work = { name: 'stubborn' };
    let told = 0;
    watchLateWork(
      800,
      () => [work],
      () => {
        told += 1;
      },
    );
    t.mock.timers.tick(1700);
    assert.equal(told, 1);
    t.mock.timers.tick(100);
    assert.equal(told, 2);
  });

  test('is looked at no more once the timer is cleared, and not more often than every 10 ms', (t) => {
    const { pending, late, timer } = watched(t, 8);
    pending.add({ name: 'short' });
    t.mock.timers.tick(80);
    assert.deepEqual(late, []);
    clearInterval(timer);
    t.mock.timers.tick(1000);
    assert.deepEqual(late, []);
  });
});
