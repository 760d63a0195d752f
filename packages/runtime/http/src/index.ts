export type { HttpClock } from './clock.ts';
export { httpGet, type HttpGetOptions, type HttpGetResponse } from './get.ts';
export { defaultLimits as defaultHttpLimits, type HttpLimits } from './limits.ts';
export { serveHttp, type ServeHttpOptions } from './serve.ts';
export type { BodyLimit, HttpHandler, HttpRequest, HttpRequestHead, HttpResponse, PeerStream } from './types.ts';
