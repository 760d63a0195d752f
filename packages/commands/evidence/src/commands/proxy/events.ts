import type { ProxyEvent } from '@enclos/atls/proxy';
import type { CommandContext } from '@enclos/cli-frame';
import { errorJson, toEnclosError } from '@enclos/cli-frame/failures';
import type { ForwardView } from './forward.ts';
import { factsOf, serverNotes, written } from './server-notes.ts';

/** Each event as a line of JSON on standard output. */
export function eventLines({ io }: CommandContext): ForwardView {
  const write = (event: object): void => io.stdout.write(`${JSON.stringify(event)}\n`);
  return {
    listening: (address, server) => write({ event: 'listening', address: written(address), server }),
    event: (event) => write(eventJson(event)),
    ended: () => write({ event: 'ended' }),
  };
}

function eventJson(event: ProxyEvent): object {
  const { type, connection } = event;
  switch (type) {
    case 'attested':
      return { event: type, connection, mode: event.mode, ...factsOf(event.evidence) };
    case 'refused':
      return { event: type, connection, error: errorJson(toEnclosError(event.error)) };
    case 'busy':
      return { event: type, connection };
    case 'closed':
      return { event: type, connection, sentBytes: event.sentBytes, receivedBytes: event.receivedBytes };
  }
}

/** What a person wants to read. */
export function eventNotes(context: CommandContext): ForwardView {
  const notes = serverNotes(context);
  return {
    listening: notes.listening,
    event(event) {
      if (event.type === 'attested') notes.accepted(event.evidence, event.mode);
      else if (event.type === 'refused') notes.refused(event.error);
      else if (event.type === 'busy') {
        notes.seldom('busy', 'a program was turned away: there are as many connections as the proxy takes');
      }
    },
    ended: () => undefined,
  };
}
