import { EnclosError, isEnclosError } from '@enclos/errors';

/** @throws ENDORSEMENTS_REQUEST_INVALID always. */
export function refuseRequest(message: string): never {
  throw new EnclosError('ENDORSEMENTS_REQUEST_INVALID', message);
}

/** @throws ENDORSEMENTS_ANSWER_INVALID always. */
export function refuseAnswer(item: string, rule: string, cause?: unknown): never {
  throw new EnclosError('ENDORSEMENTS_ANSWER_INVALID', `${item}: ${rule}.`, { details: { item, rule }, cause });
}

/** Runs a parser of what a service sent; whatever it refuses is an answer that is not valid. */
export function orRefuseAnswer<T>(item: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    if (cause.code === 'ENDORSEMENTS_ANSWER_INVALID') throw cause;
    return refuseAnswer(item, cause.message.replace(/\.$/, ''), cause);
  }
}
