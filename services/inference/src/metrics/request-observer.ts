/** How a request came. `tls` is one that is not sealed. */
export type ChannelName = 'tls' | 'ohttp' | 'ohttp-chunked' | 'azure' | 'session' | 'ehbp';

/** What is told of a request to metrics and log. All of it is from closed sets, but for the identifier. */
export interface FinishedRequest {
  readonly channel: ChannelName;
  /** As the OpenAPI document names it; `none` for a request that found no route, or did not open. */
  readonly operation: string;
  /** The name of the model that it is about, where that is one of the service. */
  readonly model: string | undefined;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
  /** As the answer has it. */
  readonly requestId: string | undefined;
}

export interface RequestObserver {
  /** A request is whole. @returns what is to be called once, when the last of its answer is there */
  began(): (request: FinishedRequest) => void;
}

/** A client left before the end of its answer. */
export const leftOutcome = 'client-left';
/** A failure of the service itself, of which clients are told nothing. */
export const faultOutcome = 'fault';
