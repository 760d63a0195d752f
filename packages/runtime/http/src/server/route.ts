import { misused } from '../errors.ts';
import type { HttpLimits } from '../limits.ts';
import type { BodyLimit, HttpRequestHead, StreamedHttpHandler } from '../types.ts';

/** What a server decides from the head of a request. */
export interface Route {
  /** Takes the body in pieces; undefined when the handler gets the whole body. */
  readonly streamed: StreamedHttpHandler | undefined;
  readonly maxBodyBytes: number;
}

export interface RouteOptions {
  readonly limits: HttpLimits;
  readonly bodyLimit: BodyLimit | undefined;
  readonly streamed: ((head: HttpRequestHead) => StreamedHttpHandler | undefined) | undefined;
}

/** @throws HTTP_MISUSED for a limit of the body that is not a number of bytes; what the options throw. */
export function routeOf(head: HttpRequestHead, { limits, bodyLimit, streamed }: RouteOptions): Route {
  if (streamed === undefined && bodyLimit === undefined) {
    return { streamed: undefined, maxBodyBytes: limits.maxBodyBytes };
  }
  const { method, path, headers } = head;
  const shown: HttpRequestHead = { method, path, headers };
  const handler = streamed?.(shown);
  const most = handler === undefined ? limits.maxBodyBytes : limits.maxStreamedBodyBytes;
  const asked = bodyLimit === undefined ? most : bodyLimit(shown);
  if (!Number.isSafeInteger(asked) || asked < 0) misused('The limit of a body is not a number of bytes.');
  return { streamed: handler, maxBodyBytes: Math.min(asked, most) };
}
