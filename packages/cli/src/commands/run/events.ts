import type { Diagnostic } from '@enclos/build/diagnostics';
import type { OutputStream } from '@enclos/cli-frame';
import { errorJson, toEnclosError } from '@enclos/cli-frame/failures';
import { toHex } from '@enclos/codec';
import { isoSeconds } from '@enclos/codec/json';
import type { RunEvents } from '../../project/run.ts';

/**
 * What happens, one object a line: the member `event` says what. Members may be added to events, and events to the list; the ones that
 * are there stay. A failure is a line with `error` instead, as in every command.
 */
export function eventLines(
  output: Pick<OutputStream, 'write'>,
  during: RunEvents['during'],
): RunEvents & { ended(exitCode: number): void } {
  const event = (name: string, members: object): void =>
    output.write(`${JSON.stringify({ event: name, ...members })}\n`);
  const warn = (warnings: readonly Diagnostic[]): void => {
    for (const warning of warnings) event('warning', warning);
  };
  return {
    during,
    built({ name, mrEnclave, image, debug, durationMs, warnings }) {
      event('built', { name, mrEnclave, image, debug, durationMs });
      warn(warnings);
    },
    newKey: (path) => event('key-made', { path }),
    warnings: warn,
    platform({ separation, rootFingerprint, interpreterVersion, layers }) {
      const root = toHex(rootFingerprint);
      event('platform', { kind: 'software', separation, rootFingerprint: root, interpreterVersion, layers });
    },
    closedState: ({ lastRunMs, ...state }) => event('closed-state', { lastRun: isoSeconds(lastRunMs), ...state }),
    notRemembered: (error) => event('not-remembered', { reason: errorJson(toEnclosError(error)) }),
    starting({ identity, signature, keyFile }) {
      const { mrEnclave, mrSigner, productId, securityVersion, debug } = identity;
      event('starting', { mrEnclave, mrSigner, productId, securityVersion, debug, signature, keyFile });
    },
    running: ({ name, mrEnclave, streams }) => event('running', { name, mrEnclave, streams }),
    ended: (exitCode) => event('ended', { exitCode }),
  };
}
