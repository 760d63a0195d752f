import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { ehbpSuite, readBoundMessage, readRequestHeader, sessionIdOf, sessionTypes } from '@enclos/hpke';
import type { SealedRequest } from '../channels/channel.ts';
import { isEhbp } from '../channels/ehbp.ts';
import { sessionPath } from '../channels/sessions.ts';
import type { KeyLabel } from './card.ts';

/** By what a sealed request tells whose it is, in the clear. */
export type RequestKey =
  | ({ readonly by: 'key' } & KeyLabel)
  /** EHBP names no key: any replica with one of this KEM may have it. */
  | { readonly by: 'kem'; readonly kem: number }
  | { readonly by: 'session'; readonly id: string };

/** @returns undefined for a request that says nothing */
export function keyOfRequest(request: SealedRequest): RequestKey | undefined {
  try {
    return read(request);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}

function read(request: SealedRequest): RequestKey {
  const { body, path, headers } = request;
  if (isEhbp(request)) return { by: 'kem', kem: ehbpSuite.kem };
  if (path !== sessionPath) return labelOf(readRequestHeader(body));
  if (headers.get('content-type') === sessionTypes.open) return labelOf(readBoundMessage(body));
  return { by: 'session', id: toHex(sessionIdOf(body)) };
}

function labelOf({ keyId, suite }: ReturnType<typeof readRequestHeader>): RequestKey {
  return { by: 'key', keyId, kem: suite.kem };
}
