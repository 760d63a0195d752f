import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits until a condition holds, by looking at it again and again: for what nothing tells a test of, such as the end of a process
 * that is not its child.
 * @throws Error when it does not hold in time.
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}.`);
    await pause(10);
  }
}

/** @throws Error when it is not settled in time. */
export function withinMs<T>(limitMs: number, what: Promise<T>): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`Not within ${limitMs} ms.`)), limitMs).unref();
  });
  return Promise.race([what, late]);
}
