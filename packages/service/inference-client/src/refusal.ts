import './errors.ts';
import { EnclosError } from '@enclos/errors';

/** @throws INFERENCE_CLIENT_MISUSED always. */
export function misused(message: string): never {
  throw new EnclosError('INFERENCE_CLIENT_MISUSED', message);
}

/** @throws INFERENCE_ANSWER_REFUSED always. */
export function refuseAnswer(message: string): never {
  throw new EnclosError('INFERENCE_ANSWER_REFUSED', message);
}

/** @throws INFERENCE_NOT_ATTESTED always. */
export function notAttested(message: string, cause?: unknown): never {
  throw new EnclosError('INFERENCE_NOT_ATTESTED', message, { cause });
}
