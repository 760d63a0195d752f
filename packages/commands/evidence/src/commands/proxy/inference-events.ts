import type { CommandContext } from '@enclos/cli-frame';
import { errorJson, toEnclosError } from '@enclos/cli-frame/failures';
import type { InferenceView } from './forward-inference.ts';
import { factsOf, serverNotes, written } from './server-notes.ts';

/** Each event as a line of JSON on standard output. */
export function inferenceLines({ io }: CommandContext): InferenceView {
  const write = (event: object): void => io.stdout.write(`${JSON.stringify(event)}\n`);
  return {
    listening: (address, server) => write({ event: 'listening', address: written(address), server }),
    attested: (evidence) => write({ event: 'attested', ...factsOf(evidence) }),
    answered({ requestId, model, modelVersion, modelDigest, sequence }) {
      write({ event: 'answered', requestId, model, modelVersion, modelDigest, sequence });
    },
    refused: (error) => write({ event: 'refused', error: errorJson(toEnclosError(error)) }),
    ended: () => write({ event: 'ended' }),
  };
}

export function inferenceNotes(context: CommandContext): InferenceView {
  const notes = serverNotes(context);
  return {
    listening: notes.listening,
    attested: (evidence) => notes.accepted(evidence, 'fresh'),
    answered: () => undefined,
    refused: notes.refused,
    ended: () => undefined,
  };
}
