import type { CommandContext } from '@enclos/cli-frame';
import { renderWarnings, toEnclosError } from '@enclos/cli-frame/failures';
import { printable } from '@enclos/command-line';
import type { RunningEnclave } from './greeting.ts';
import type { BuildEvents } from './prepare.ts';
import { renderClosedState } from './sealing/render.ts';

/** The notes of a command that builds and runs: on standard error, which the host program shares. */
export interface RunNotes {
  readonly note: (text: string) => void;
  readonly events: BuildEvents;
  /** Says how the connections of an enclave that runs reach it; once for an enclave that is started again. */
  readonly running: (enclave: RunningEnclave) => void;
}

export function runNotes({ notes, progress }: CommandContext): RunNotes {
  const note = (text: string): void => notes.line(`${notes.paint('dim', 'enclos:')} ${printable(text)}`);
  const told = new Map<string, string>();
  return {
    note,
    running(enclave) {
      const text = transportsInWords(enclave);
      if (text === undefined || told.get(enclave.mrEnclave) === text) return;
      told.set(enclave.mrEnclave, text);
      note(text);
    },
    events: {
      during: (label, work) => progress.during(label, work),
      built({ name, mrEnclave, durationMs, warnings }) {
        note(`built ${name} in ${durationMs} ms, MRENCLAVE ${mrEnclave}`);
        renderWarnings(warnings, notes);
      },
      newKey: (file) => note(`made a development key, ${file}; make your own with enclos keygen`),
      warnings: (warnings) => renderWarnings(warnings, notes),
      closedState: (state) => renderClosedState(state, 'this run', notes),
      notRemembered: (error) => note(`later runs cannot warn about sealed state: ${toEnclosError(error).message}`),
    },
  };
}

/** @returns undefined for an enclave without streams, or for a host program that does not tell */
function transportsInWords({ name, streams }: Omit<RunningEnclave, 'mrEnclave'>): string | undefined {
  const transports = new Set(streams.map(({ transport }) => transport));
  const [only] = transports;
  if (only === undefined) return undefined;
  if (transports.size === 1) return `the connections of ${name} are ${only}`;
  const each = new Set(streams.map((stream) => `${stream.name} ${stream.transport}`));
  return `the connections of ${name}: ${[...each].join(', ')}`;
}
