import type { CommandContext } from '@enclos/cli-frame';
import { renderError, toEnclosError } from '@enclos/cli-frame/failures';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import { logLevels } from '@enclos/host';
import { printable } from '@enclos/command-line';
import type { DevView } from './dev.ts';
import { devKeys } from './keys.ts';
import { platformBanner } from '@enclos/cli-platform/open';
import { runNotes } from '../../project/render.ts';

/** Enough digits to tell the builds on one screen apart. */
const shortDigits = 12;
const mostNamed = 3;

/** The messages of `enclos dev`. They go to standard error, because standard output belongs to the host program. */
export function devRenderer(context: CommandContext): DevView {
  const { notes, io } = context;
  const { note, events, running } = runNotes(context);
  const renderFailure = async (error: unknown, runs: boolean): Promise<void> => {
    await renderError(toEnclosError(error), notes);
    note(runs ? 'the last good version still runs; waiting for changes' : 'waiting for changes');
  };
  return {
    ...events,
    running,
    // The line that says it is ready repeats the rest.
    built: ({ warnings }) => events.warnings(warnings),
    platform(description) {
      platformBanner(description, notes);
      note(io.keyboard === undefined ? 'Ctrl-C ends it' : 'press h for help, q to quit');
    },
    failed(error, runs) {
      void renderFailure(error, runs);
    },
    unchanged: (changed) => note(`${named(changed)} changed nothing that runs`),
    ready({ outcome }, { durationMs, changed }) {
      const why = changed.length === 0 ? '' : `, ${named(changed)} changed`;
      notes.line(
        `${markOf('ok', notes)} ready in ${durationMs} ms  ${printable(outcome.name)}  MRENCLAVE ${notes.paint('cyan', `${outcome.mrEnclave.slice(0, shortDigits)}…`)}${printable(why)}`,
      );
    },
    hostEnded: (exitCode) => note(`the host program ended with code ${exitCode}; waiting for changes`),
    identity(build) {
      if (build === undefined) return note('nothing is built yet');
      const { outcome, identity, signature } = build;
      renderFacts(
        [
          ['MRENCLAVE', outcome.mrEnclave],
          ['MRSIGNER', identity.mrSigner],
          ['product', `${identity.productId}, security version ${identity.securityVersion}`],
          ['mode', outcome.debug ? 'debug: it keeps no secrets' : 'production'],
          ['image', outcome.image],
          ['signature', signature],
        ],
        notes,
      );
    },
    isolation(layers) {
      for (const { name, active, detail } of layers) {
        notes.line(
          `${markOf(active ? 'ok' : 'warning', notes)} ${printable(name)}  ${notes.paint('dim', printable(detail))}`,
        );
      }
    },
    logLevel: (level) => note(`log of the enclave: ${logLevels.slice(0, level + 1).join(', ')}`),
    clear: () => {
      // Erase the screen and what scrolled off it, and go home (ECMA-48, with xterm's 3 J).
      if (io.stderr.isTTY) io.stderr.write('\u001B[2J\u001B[3J\u001B[H');
    },
    help() {
      for (const { key, summary } of devKeys) notes.line(`  ${notes.paint('cyan', key)}  ${summary}`);
    },
  };
}

/** `a, b and 3 more`. */
function named(paths: readonly string[]): string {
  const more = paths.length - mostNamed;
  const shown = paths.slice(0, mostNamed).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
