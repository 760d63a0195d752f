import { azureOhttpProfile, ohttpProfile } from '@enclos/hpke';
import type { ChannelName } from '../metrics/request-observer.ts';
import type { SealedRequest } from './channel.ts';
import { isEhbp } from './ehbp.ts';
import { sessionPath } from './sessions.ts';

/** Where requests of Oblivious HTTP go. */
const ohttpPath = '/ohttp';
/** Where clients of Azure's profile send theirs. */
const azurePath = '/score';

/** By which rules a request is to be opened, known from its head. */
export function channelOf(head: Pick<SealedRequest, 'method' | 'path' | 'headers'>): ChannelName {
  if (head.method === 'POST') {
    const type = mediaTypeOf(head);
    if (head.path === ohttpPath) return type === ohttpProfile.requestType ? 'ohttp' : 'ohttp-chunked';
    if (head.path === azurePath && type === azureOhttpProfile.requestType) return 'azure';
    if (head.path === sessionPath) return 'session';
  }
  return isEhbp(head) ? 'ehbp' : 'tls';
}

/** Whether the body of a request is sealed. */
export function isSealed(head: Pick<SealedRequest, 'method' | 'path' | 'headers'>): boolean {
  return head.method === 'POST' && channelOf(head) !== 'tls';
}

export function mediaTypeOf({ headers }: Pick<SealedRequest, 'headers'>): string {
  return (headers.get('content-type')?.split(';', 1)[0] ?? '').trim().toLowerCase();
}
