import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sendLatest } from '../src/latest.ts';

describe('sending what is current', () => {
  test('queues nothing behind a slow reader, who then gets the last value and not each of them', () => {
    const written: number[] = [];
    const drains: (() => void)[] = [];
    let value = 0;
    let isFull = false;
    const stream = {
      write(next: number) {
        written.push(next);
        return !isFull;
      },
      once: (_event: 'drain', listener: () => void) => drains.push(listener),
    };
    const sender = sendLatest(stream, () => value);
    sender.changed();
    isFull = true;
    for (value = 1; value <= 5; value += 1) sender.changed();
    assert.deepEqual(written, [0, 1]);
    isFull = false;
    value = 9;
    for (const drain of drains) drain();
    assert.deepEqual(written, [0, 1, 9]);
    sender.changed();
    assert.deepEqual(written, [0, 1, 9, 9]);
  });

  test('sends nothing when a reader comes back to what it has', () => {
    const written: number[] = [];
    const drains: (() => void)[] = [];
    const stream = {
      write: (next: number) => written.push(next) === 0,
      once: (_event: 'drain', listener: () => void) => drains.push(listener),
    };
    sendLatest(stream, () => 1).changed();
    for (const drain of drains) drain();
    assert.deepEqual(written, [1]);
  });
});
