import { setTimeout as sleep } from 'node:timers/promises';

/** @throws Error when the promise does not settle in time. */
export async function within<T>(what: string, withinMs: number, promise: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = sleep(withinMs, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`Not within ${withinMs} ms: ${what}.`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}

export function kill(processId: number): boolean {
  try {
    return process.kill(processId, 'SIGKILL');
  } catch {
    return false;
  }
}
