import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { EnclaveExit } from '@enclos/tee';
import type { CompanionFrame } from '@enclos/tee/companions';
import { CompanionSlot, restartDelayMs, type SlotChild, type SlotEvents } from '../../src/companions/companion-slot.ts';

const exit: EnclaveExit = { exitCode: 0, signal: undefined, detail: 'ended' };

/** Processes that end when a test says so, on a clock of its own. */
class Stage extends EventEmitter {
  nowMs = 0;
  readonly started: CompanionFrame[] = [];
  readonly failures: unknown[] = [];
  killed = 0;
  refusal: Error | undefined;
  isTaken = true;
  #end: (exit: EnclaveExit) => void = () => undefined;
  readonly events: SlotEvents<SlotChild> = {
    start: (frame) => {
      if (this.refusal !== undefined) return Promise.reject(this.refusal);
      this.started.push(frame);
      const exited = new Promise<EnclaveExit>((resolve) => (this.#end = resolve));
      const child: SlotChild = { exited, kill: () => this.kill() };
      return Promise.resolve(child);
    },
    started: () => (this.isTaken ? Promise.resolve() : Promise.reject(new Error('The passage is closed.'))),
    ended: () => void this.emit('ended'),
    failed: (_frame, error) => {
      this.failures.push(error);
      this.emit('ended');
    },
  };

  kill(): void {
    this.killed += 1;
    this.#end(exit);
  }

  /** Ends the process that runs after so long. */
  async end(afterMs: number): Promise<void> {
    this.nowMs += afterMs;
    const ended = once(this, 'ended');
    this.#end(exit);
    await ended;
    await turn();
  }
}

/** The delays that are asked for; each ends when it is called. */
function heldTimers(t: TestContext): { readonly delays: number[]; readonly run: () => Promise<void> } {
  const delays: number[] = [];
  const callbacks: (() => void)[] = [];
  t.mock.method(globalThis, 'setTimeout', (callback: () => void, delayMs: number) => {
    delays.push(delayMs);
    callbacks.push(callback);
    return undefined;
  });
  return {
    delays,
    async run() {
      callbacks.shift()?.();
      await turn();
    },
  };
}

test('the wait for the next process doubles, and has a bound', () => {
  assert.deepEqual([0, 1, 2, 3, 8, 9, 1000].map(restartDelayMs), [0, 250, 500, 1000, 30_000, 30_000, 30_000]);
});

test('a process that ends early waits longer each time, and one that ran well is followed at once', async (t) => {
  const timers = heldTimers(t);
  const stage = new Stage();
  void new CompanionSlot({ companion: 1, number: 2 }, stage.events, () => stage.nowMs);
  await turn();
  for (const afterMs of [0, 9999, 10_000, 5]) {
    await stage.end(afterMs);
    await timers.run();
  }
  assert.deepEqual(timers.delays, [250, 500, 0, 250]);
  assert.deepEqual(
    stage.started,
    [1, 2, 3, 4, 5].map((generation) => ({ companion: 1, number: 2, generation })),
  );
});

test('a process that cannot be started, or whose channel cannot be given, is tried again later', async (t) => {
  const timers = heldTimers(t);
  const stage = new Stage();
  stage.refusal = new Error('no user is free');
  void new CompanionSlot({ companion: 0, number: 0 }, stage.events, () => stage.nowMs);
  await turn();
  assert.deepEqual([stage.failures, timers.delays], [[stage.refusal], [250]]);
  stage.refusal = undefined;
  stage.isTaken = false;
  await timers.run();
  await turn();
  assert.equal(stage.killed, 1);
  assert.deepEqual(timers.delays, [250, 500]);
});

test('only the process that is meant is ended, and after the close none starts', async (t) => {
  const timers = heldTimers(t);
  const stage = new Stage();
  const slot = new CompanionSlot({ companion: 0, number: 0 }, stage.events, () => stage.nowMs);
  await turn();
  slot.end(2);
  assert.equal(stage.killed, 0);
  slot.end(1);
  await turn();
  assert.equal(stage.killed, 1);
  await timers.run();
  await slot.close();
  assert.equal(stage.killed, 2);
  assert.equal(timers.delays.length, 1);
  slot.end(2);
  assert.equal(stage.killed, 2);
});
