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
  return ticksOf('self').ended * tickMicros;
}

/** What a process and those below it have used, with those of them that have ended, in microseconds but counted in hundredths of a second. */
export function usedMicros(processId: number): number {
  return processTree(processId).reduce((sum, id) => {
    const { own, ended } = ticksOf(id);
    return sum + (own + ended) * tickMicros;
  }, 0);
}

const tickMicros = 10_000;

/** Fields 14 to 17 of `stat` (proc_pid_stat): of the process, and of its children that it has waited for. Nothing of one that has ended. */
function ticksOf(process: number | 'self'): { readonly own: number; readonly ended: number } {
  // The name of the program, in parentheses, may have anything in it.
  const [, fields = ''] = /\) (.*)$/s.exec(statOf(process)) ?? [];
  const [user, system, childrenUser, childrenSystem] = fields.split(' ').slice(11).map(Number);
  return { own: (user ?? 0) + (system ?? 0), ended: (childrenUser ?? 0) + (childrenSystem ?? 0) };
}

function statOf(process: number | 'self'): string {
  try {
    return readFileSync(`/proc/${process}/stat`, 'utf8');
  } catch (error) {
    // It was listed a moment ago.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
    throw error;
  }
}
