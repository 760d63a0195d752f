import type { Caller } from './caller.ts';
import type { AppRequest } from './message.ts';

/** Where a request was routed. */
export interface RoutedRequest {
  readonly request: AppRequest;
  /** The path of the endpoint with its parameters in braces, without `/app`. */
  readonly template: string;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller | null;
}

/** `request` of a handler as JSON, but for its body (CCF, src/js/extensions/ccf/request.cpp). */
export function requestJson({ request, template, params, caller }: RoutedRequest): string {
  const { method, path, query, headers } = request;
  return JSON.stringify({
    headers: Object.fromEntries(headers),
    query,
    path,
    method,
    hostname: headers.get('host') ?? null,
    route: `/app${template}`,
    url: query === '' ? path : `${path}?${query}`,
    params,
    caller,
  });
}
