import { readdirSync, readFileSync } from 'node:fs';

/** The processes below one, at this moment. Linux: /proc/PID/task/TID/children. */
export function descendants(processId: number): readonly number[] {
  const children = threadsOf(processId).flatMap((thread) => childrenOf(processId, thread));
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function threadsOf(processId: number): readonly string[] {
  return unlessGone(() => readdirSync(`/proc/${processId}/task`), []);
}

function childrenOf(processId: number, thread: string): readonly number[] {
  const text = unlessGone(() => readFileSync(`/proc/${processId}/task/${thread}/children`, 'utf8'), '');
  return text
    .split(' ')
    .filter((id) => id !== '')
    .map(Number);
}

/** A process may end while it is looked at. */
function unlessGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
