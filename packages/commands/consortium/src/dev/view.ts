import type { CommandContext } from '@enclos/cli-frame';
import { errorJson, toEnclosError } from '@enclos/cli-frame/failures';
import { markOf } from '@enclos/cli-frame/output';
import { printable, printableLines } from '@enclos/command-line';

/** What is shown while a sandbox runs. */
export interface SandboxView {
  /** @param curl a command that works. */
  listening(service: { readonly url: string; readonly certificates: string; readonly curl: string }): void;
  loaded(app: { readonly endpoints: number; readonly modules: number }): void;
  /** The application could not be loaded; the one before stays. */
  refused(error: unknown): void;
  log(level: string, line: string): void;
  ended(): void;
}

/** Each event as a line of JSON on standard output. */
export function eventLines({ io }: CommandContext): SandboxView {
  const write = (event: object): void => io.stdout.write(`${JSON.stringify(event)}\n`);
  return {
    listening: (service) => write({ event: 'listening', ...service }),
    loaded: (app) => write({ event: 'loaded', ...app }),
    refused: (error) => write({ event: 'refused', error: errorJson(toEnclosError(error)) }),
    log: (level, line) => write({ event: 'log', level, line }),
    ended: () => write({ event: 'ended' }),
  };
}

/** For people, on standard error. */
export function eventNotes({ notes }: CommandContext): SandboxView {
  return {
    listening({ url, certificates, curl }) {
      notes.line(`${markOf('ok', notes)} The service listens at ${url}`);
      notes.line(`  Certificates and keys: ${certificates}`);
      notes.line(`  Try: ${printable(curl)}`);
    },
    loaded: ({ endpoints, modules }) =>
      notes.line(`${markOf('ok', notes)} Loaded: ${counted(endpoints, 'endpoint')}, ${counted(modules, 'module')}.`),
    refused(error) {
      notes.line(`${markOf('failure', notes)} ${printableLines(toEnclosError(error).message)}`);
      notes.line('  The version before still runs.');
    },
    log: (level, line) => notes.line(`${markOf(level === 'info' ? 'info' : 'warning', notes)} ${printableLines(line)}`),
    ended: () => notes.line('The sandbox has ended.'),
  };
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}
