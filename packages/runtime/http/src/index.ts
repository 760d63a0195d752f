import './errors.ts';
export {
  HttpClientConnection,
  wholeBodyOf,
  type HttpClientRequest,
  type HttpClientResponse,
} from './client-connection.ts';
export type { HttpClock } from './clock.ts';
export { httpGet, type HttpGetOptions, type HttpGetResponse } from './get.ts';
export { defaultLimits as defaultHttpLimits, type HttpLimits } from './limits.ts';
export { serveHttp, type ServeHttpOptions } from './server/serve.ts';
export type {
  BodyLimit,
  HttpCall,
  HttpHandler,
  HttpRequest,
  HttpRequestHead,
  HttpResponse,
  PeerStream,
  PeerStreams,
  StreamedHttpHandler,
  StreamedHttpRequest,
} from './types.ts';
export { eventStream, type EventStreamOptions, type ServerSentEvent } from './writing/event-stream.ts';
