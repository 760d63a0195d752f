import type { EnclaveExit } from '@enclos/tee';
import { exitWith, signalOf, type ProcessEnd } from '../process/exit-detail.ts';

export interface ProgramEnd extends Omit<ProcessEnd, 'heapSizeBytes'> {
  /** Why the platform ended it, if the platform did. */
  readonly why: string | undefined;
}

/** Why the platform ends a program that does not speak to it. */
export const neverGreeted =
  'The program never greeted its platform, so the platform ended it after 10 s: it is not built for this, or something holds it before it begins.';

/** Says in words why a program ended. */
export function describeProgramExit(end: ProgramEnd): EnclaveExit {
  return exitWith(end, end.why ?? reason(end.code, end.signal));
}

/** How the starters end when something that they must set is refused. */
const notStarted = 126;
/** How the runtime of Go ends a program. */
const goFailed = 2;

/** How the filter of a program ends it (seccomp(2), SECCOMP_RET_KILL_PROCESS). */
const byFilter = 'SIGSYS';
const filterEnds =
  'it closed the connection to its host or to its platform (descriptors 3 and 4), or made a system call of another architecture.';

function reason(code: number | null, signal: string | null): string {
  const ended = signal ?? signalOf(code);
  if (ended === byFilter) return `The program was ended by ${ended}: ${filterEnds}`;
  if (ended !== undefined) return `The program was ended by ${ended}.`;
  if (code === 0) return 'The program ended.';
  const says = `The program ended with code ${code ?? 'unknown'}`;
  if (code === notStarted) return `${says}: it did not start, or chose this code.`;
  if (code === goFailed) {
    return `${says}, as programs in Go do after a panic, and when their memory is full ("heapSize" in enclave.json).`;
  }
  return `${says}.`;
}
