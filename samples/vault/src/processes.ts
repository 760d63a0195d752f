import { readdirSync, readFileSync } from 'node:fs';

/** The processes below one, deepest last. Linux: /proc/PID/task/TID/children. */
export function descendants(processId: number): readonly number[] {
  const children = readdirSync(`/proc/${processId}/task`).flatMap((thread) =>
    readFileSync(`/proc/${processId}/task/${thread}/children`, 'utf8')
      .split(' ')
      .filter((id) => id !== '')
      .map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}
