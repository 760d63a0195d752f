import type { EnclaveExit } from '@enclos/tee';
import { lastText, maxDetailBytes, signalOf } from '../process/exit-detail.ts';

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The text that a debug enclave wrote to standard error. */
  readonly output: string;
  /** Why the platform ended it, if the platform did. */
  readonly why: string | undefined;
}

/** Why the platform ends a program that does not speak to it. */
export const neverGreeted =
  'The program never greeted its platform, so the platform ended it after 10 s: it is not built for this, or something holds it before it begins.';

/** Says in words why a program ended. */
export function describeProgramExit({ code, signal, output, why }: ProgramEnd): EnclaveExit {
  const first = why ?? reason(code, signal);
  const text = output.trim();
  return {
    exitCode: code ?? undefined,
    signal: signal ?? undefined,
    detail: text === '' ? first : `${first}\n${lastText(text, maxDetailBytes - Buffer.byteLength(first) - 1)}`,
  };
}

/** How the starters end when something that they must set is refused. */
const notStarted = 126;
/** How the runtime of Go ends a program. */
const goFailed = 2;

function reason(code: number | null, signal: string | null): string {
  const ended = signal ?? signalOf(code);
  if (ended !== undefined) return `The program was ended by ${ended}.`;
  if (code === 0) return 'The program ended.';
  const says = `The program ended with code ${code ?? 'unknown'}`;
  if (code === notStarted) return `${says}: it did not start, or chose this code.`;
  if (code === goFailed) {
    return `${says}, as programs in Go do after a panic, and when their memory is full ("heapSize" in enclave.json).`;
  }
  return `${says}.`;
}
