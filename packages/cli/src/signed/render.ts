import { Console } from 'node:console';
import type { CommandContext } from '@enclos/cli-frame';
import { toHex } from '@enclos/codec';
import { platformBanner } from '@enclos/cli-platform/open';
import { runNotes } from '../project/render.ts';
import type { SignedEvents } from './run-signed.ts';

/** Results are lines of standard output; all else is on standard error, which the enclave and its handlers share. */
export function signedEvents(context: CommandContext): SignedEvents {
  const { io, notes, progress } = context;
  const { note } = runNotes(context);
  return {
    during: (label, work) => progress.during(label, work),
    platform: (description) => platformBanner(description, notes),
    running: ({ name, mrEnclave, mrSigner, debug, threads }) => {
      const mode = debug ? ', in debug mode: it keeps no secrets' : '';
      note(
        `${name} runs with ${threads} ${threads === 1 ? 'thread' : 'threads'}, MRENCLAVE ${mrEnclave}, MRSIGNER ${mrSigner}${mode}`,
      );
    },
    returned: (_call, result) => io.stdout.write(`${JSON.stringify(result)}\n`),
    print: (device, output) => io[device].write(output),
  };
}

/** One object a line. What the enclave and its handlers print goes to standard error. */
export function jsonSignedEvents({ io, progress }: CommandContext): SignedEvents {
  const event = (name: string, members: object): void =>
    io.stdout.write(`${JSON.stringify({ event: name, ...members })}\n`);
  return {
    during: (label, work) => progress.during(label, work),
    platform({ separation, rootFingerprint, interpreterVersion, layers }) {
      const root = toHex(rootFingerprint);
      event('platform', { kind: 'software', separation, rootFingerprint: root, interpreterVersion, layers });
    },
    running: (enclave) => event('running', enclave),
    returned: (call, result) => event('returned', { call, result }),
    print: (_device, output) => io.stderr.write(output),
  };
}

/** Has handlers, which run in this process, print where the lines of JSON are not. @returns what takes it back */
export function printOnStandardError(): () => void {
  const { console } = globalThis;
  globalThis.console = new Console(process.stderr);
  return () => {
    globalThis.console = console;
  };
}
