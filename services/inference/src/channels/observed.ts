import { isEnclosError } from '@enclos/errors';
import type { ApiAnswer } from '../api/api-request.ts';
import { faultOutcome, leftOutcome } from '../metrics/request-observer.ts';

/** An answer that tells when the last of it was taken, and how it ended. */
export function observedAnswer(answer: ApiAnswer, signal: AbortSignal, ended: (outcome: string) => void): ApiAnswer {
  const { body } = answer;
  if (body instanceof Uint8Array) return answer;
  // A client that leaves before the first piece takes nothing of the stream, not even its end.
  signal.addEventListener('abort', () => ended(leftOutcome), { once: true });
  return { ...answer, body: observed(body, ended) };
}

async function* observed(
  body: AsyncIterable<Uint8Array>,
  ended: (outcome: string) => void,
): AsyncGenerator<Uint8Array> {
  let outcome = leftOutcome;
  try {
    for await (const piece of body) yield piece;
    outcome = 'ok';
  } catch (error) {
    outcome = isEnclosError(error) ? error.code : faultOutcome;
    throw error;
  } finally {
    ended(outcome);
  }
}
