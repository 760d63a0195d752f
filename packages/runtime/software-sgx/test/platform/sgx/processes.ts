import { readdirSync, readFileSync } from 'node:fs';

/** The processes that this one has started, and those that they have, as far as they still have their parents. */
export function descendantsOf(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const [, state, parent] = /\) (\S) (\d+) /.exec(fileOf(name, 'stat')) ?? [];
    if (state !== undefined && state !== 'Z') parents.set(Number(name), Number(parent));
  }
  const found = [pid];
  for (const each of found) for (const [child, parent] of parents) if (parent === each) found.push(child);
  return found.slice(1);
}

/** Whether a process is still there and not only waited for. */
export function isRunning(pid: number): boolean {
  const state = /\) (\S) /.exec(fileOf(`${pid}`, 'stat'))?.[1];
  return state !== undefined && state !== 'Z';
}

/** What `/proc` says of a process; empty when it is gone. */
function fileOf(pid: string, name: string): string {
  if (!/^\d+$/.test(pid)) return '';
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
