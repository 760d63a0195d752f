import { utf8 } from '@enclos/codec';
import { headerLengthName, wholeBody, type OutgoingBody } from '@enclos/open-inference';
import type { ServedModelIdentity } from '../models/served-models.ts';
import type { ApiAnswer } from './api-request.ts';

export function jsonAnswer(text: string, status = 200, headers: Readonly<Record<string, string>> = {}): ApiAnswer {
  return { status, headers: { ...headers, 'content-type': 'application/json' }, body: utf8(text) };
}

/** An answer with tensors, and the model that computed them. */
export function tensorAnswer(body: OutgoingBody, model: ServedModelIdentity): ApiAnswer {
  const length = body.headerLength === undefined ? {} : { [headerLengthName]: String(body.headerLength) };
  return { status: 200, headers: { 'content-type': body.contentType, ...length }, body: wholeBody(body), model };
}
