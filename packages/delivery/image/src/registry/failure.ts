import { EnclosError } from '@enclos/errors';
import type { Answer } from './exchange.ts';

/** The error for an answer that is not the one that was wanted. The body is not read: it may be anything. */
export function failureOf({ url, response, discard }: Answer, what: string): EnclosError {
  discard();
  const { status } = response;
  const details = { registry: url.origin, status };
  const message = `${url.origin} answered ${status} for ${what}.`;
  if (status === 401 || status === 403) return new EnclosError('OCI_REGISTRY_REFUSED', message, { details });
  if (status === 404) return new EnclosError('OCI_NOT_FOUND', message, { details });
  if (status === 429 || status >= 500) return new EnclosError('OCI_REGISTRY_FAILED', message, { details });
  return new EnclosError('OCI_REGISTRY_ANSWER_INVALID', message, { details });
}
