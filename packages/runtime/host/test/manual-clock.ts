import type { SupervisorClock } from '../src/supervise/waiting-calls.ts';

/** Time that passes when a test says so. */
export interface ManualClock extends SupervisorClock {
  /** Delays of the timers that run, in order of their setting. */
  readonly delays: readonly number[];
  /** Lets this much time pass, and what it brings. */
  pass(ms: number): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly delayMs: number;
  readonly callback: () => void;
}

export function createManualClock(): ManualClock {
  let nowMs = 0;
  const timers = new Set<Timer>();
  return {
    now: () => nowMs,
    setTimeout(callback, delayMs) {
      const timer = { atMs: nowMs + delayMs, delayMs, callback };
      timers.add(timer);
      return timer;
    },
    clearTimeout: (handle) => void timers.delete(handle as Timer),
    get delays() {
      return [...timers].map(({ delayMs }) => delayMs);
    },
    async pass(ms) {
      nowMs += ms;
      for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs)) {
        timers.delete(timer);
        timer.callback();
      }
      await turns();
    },
  };
}

/** Long enough for everything in this process that needs no timer. */
export async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
