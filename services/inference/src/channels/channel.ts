import type { HpkeEngine, KeySet, ReplayWindow } from '@enclos/hpke';
import type { HttpResponse } from '@enclos/http';
import type { ApiAnswer, ApiRequest } from '../api/api-request.ts';
import type { UndatedRequests } from './undated.ts';

/** What the service gives to channels of sealed requests. */
export interface ChannelOptions {
  readonly engine: HpkeEngine;
  readonly keys: KeySet;
  /** Accepts each sealed request once, by whatever channel it comes. */
  readonly window: ReplayWindow;
  readonly nowMs: () => number;
  /** The most bytes of an opened request, and of an answer that has to be whole before it is sealed. */
  readonly maxBytes: number;
}

/** What channels have in common. */
export interface ChannelContext extends ChannelOptions {
  /** Accepts those requests that have no date. */
  readonly undated: UndatedRequests;
}

/** A sealed request as it arrived. */
export interface SealedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** As the host says it. */
  readonly remoteAddress: string;
  readonly signal: AbortSignal;
}

/** A request that is open, and what seals its answer. */
export interface OpenedRequest {
  readonly request: ApiRequest;
  /** To be called once. */
  seal(answer: ApiAnswer): Promise<HttpResponse>;
}

/** One replica says it to another: the request is not one that it opens (RFC 9110, section 15.5.20). Clients never get it. */
export const misdirected = 421;
