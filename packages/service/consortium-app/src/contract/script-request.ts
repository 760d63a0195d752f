import type { Caller } from './caller.ts';
import type { ScriptRequest } from '../session/request.ts';
import type { AppRequest } from './message.ts';

/** Where a request was routed. */
export interface RoutedRequest {
  readonly request: AppRequest;
  /** The path of the endpoint with its parameters in braces, without `/app`. */
  readonly template: string;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller | null;
}

/** The request of a handler. */
export function scriptRequest({ request, template, params, caller }: RoutedRequest): ScriptRequest {
  const { method, path, query, headers } = request;
  return {
    headers: Object.fromEntries(headers),
    query,
    path,
    method,
    hostname: headers.get('host') ?? null,
    route: `/app${template}`,
    url: query === '' ? path : `${path}?${query}`,
    params,
    caller,
  };
}
