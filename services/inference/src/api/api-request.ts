import type { FinishedRequest } from '../metrics/request-observer.ts';
import type { ServedModelIdentity } from '../models/served-models.ts';

/** A request as the API sees it, by whatever channel it came: attested TLS, or sealed inside another request. */
export interface ApiRequest {
  /** Such as `POST`. */
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  /** Hears which model the request is about, when that is known. */
  readonly onModel?: ((model: ServedModelIdentity) => void) | undefined;
}

/** An answer of the API, before a channel carries it. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Pieces for an answer that is streamed. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** The model that computed it, if one did: for receipts, and for the digest that answers carry. */
  readonly model?: ServedModelIdentity | undefined;
  /** For metrics and log. */
  readonly trace?: AnswerTrace | undefined;
}

/** What is told of a request and its answer. */
export type AnswerTrace = Pick<FinishedRequest, 'operation' | 'model' | 'outcome'>;
