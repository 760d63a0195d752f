import { readdirSync, readFileSync } from 'node:fs';
import { processTree } from './placement.ts';

/** Processor time in microseconds. */
export interface ProcessorTime {
  /** Of a process. */
  readonly own: number;
  /** Of it and of every process below it. */
  readonly tree: number;
}

/** What a process and those below it have used so far. Threads that have ended do not count: servers keep theirs. */
export function processorTime(processId: number): ProcessorTime {
  const times = processTree(processId).map((id) => [id, microsOf(id)] as const);
  return {
    own: times.find(([id]) => id === processId)?.[1] ?? Number.NaN,
    tree: times.reduce((sum, [, micros]) => sum + micros, 0),
  };
}

/** The first number of `schedstat` is the time on a processor in nanoseconds (proc_pid_schedstat, Documentation/scheduler/sched-stats.rst). */
function microsOf(processId: number): number {
  const folder = `/proc/${processId}/task`;
  return (
    readdirSync(folder).reduce((sum, thread) => {
      const [nanoseconds = ''] = readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ');
      return sum + Number(nanoseconds);
    }, 0) / 1000
  );
}

/**
 * What the processes that this one started and waited for have used, in microseconds, with what they waited for: `cutime` and `cstime`
 * (proc_pid_stat), which count hundredths of a second.
 */
export function endedChildrenMicros(): number {
  // The name of the program, in parentheses, may have anything in it.
  const [, fields = ''] = /\) (.*)$/s.exec(readFileSync('/proc/self/stat', 'utf8')) ?? [];
  const [user, system] = fields.split(' ').slice(13);
  return (Number(user) + Number(system)) * 10_000;
}
