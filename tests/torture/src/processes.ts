import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** True while the process runs: one that is dead and not yet collected does not. */
export function isRunning(processId: number): boolean {
  return /^State:\s+[^ZX]/m.test(read(`/proc/${processId}/status`));
}

/** The ids of the processes with this text in their command line. */
export function processesWith(text: string): readonly number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => read(`/proc/${name}/cmdline`).includes(text))
    .map(Number)
    .filter(isRunning);
}

/** The processes below one, at this moment, parents first. */
export function descendants(processId: number): readonly number[] {
  const children = list(`/proc/${processId}/task`).flatMap((thread) =>
    read(`/proc/${processId}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

export function descriptorCount(processId: number): number {
  return list(`/proc/${processId}/fd`).length;
}

/** Resident memory in KiB; 0 when the process is gone. */
export function residentKiB(processId: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${processId}/status`))?.[1] ?? 0);
}

/** The kernel tells nobody but a parent of a process's end, so it has to be looked for. */
export async function until(what: string, holds: () => boolean, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}.`);
    await sleep(10);
  }
}

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

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
