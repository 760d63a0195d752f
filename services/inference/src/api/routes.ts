import { EnclosError } from '@enclos/errors';
import type { ApiAnswer, ApiRequest } from './api-request.ts';

/** For requests that need no body, and for those that are answered with an error anyway. */
const noBodyBytes = 4096;

/** The named parts of a path, percent-decoded. */
export type PathParts = Readonly<Record<string, string>>;

export interface ApiRoute {
  /** As the OpenAPI document names it. */
  readonly operation: string;
  readonly method: string;
  /** With `{name}` for one step of the path, and `[...]` around what may be absent. */
  readonly path: string;
  /** The most bytes of a body; absent when the route takes none. */
  readonly maxBodyBytes?: number;
  /** The shape in which errors are told. */
  readonly errors: 'open-inference' | 'openai' | 'predict';
  answer(request: ApiRequest, parts: PathParts): ApiAnswer | Promise<ApiAnswer>;
}

/** Operation, method and path. */
type RouteHead = readonly [operation: string, method: string, path: string];

/** Makes the routes of an API whose errors have one shape. */
export function routesWith(
  errors: ApiRoute['errors'],
): (head: RouteHead, answer: ApiRoute['answer'], maxBodyBytes?: number) => ApiRoute {
  return ([operation, method, path], answer, maxBodyBytes) => ({
    operation,
    method,
    path,
    errors,
    answer,
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
  });
}

interface RoutePattern {
  readonly route: ApiRoute;
  readonly pattern: RegExp;
}

/** Finds the route of a request. A path is matched as it was sent, and its parts are decoded afterwards, so no decoded slash divides. */
export class ApiRoutes {
  readonly #routes: readonly RoutePattern[];

  constructor(routes: readonly ApiRoute[]) {
    this.#routes = routes.map((route) => ({ route, pattern: patternOf(route.path) }));
  }

  /** @throws INFERENCE_NOT_FOUND, INFERENCE_METHOD_REFUSED */
  find(method: string, path: string): { readonly route: ApiRoute; readonly parts: PathParts } {
    const matching = this.#routes.flatMap(({ route, pattern }) => {
      const groups = pattern.exec(path);
      return groups === null ? [] : [{ route, parts: decoded(groups.groups ?? {}) }];
    });
    const found = matching.find(({ route }) => route.method === method);
    if (found !== undefined) return found;
    if (matching.length === 0) throw new EnclosError('INFERENCE_NOT_FOUND');
    throw new EnclosError('INFERENCE_METHOD_REFUSED');
  }

  /** The bound of a body, known from the head of its request. */
  maxBodyBytes(method: string, path: string): number {
    const { route } = this.#routes.find((one) => one.route.method === method && one.pattern.test(path)) ?? {};
    return route?.maxBodyBytes ?? noBodyBytes;
  }
}

function patternOf(path: string): RegExp {
  const escaped = path
    .replaceAll('.', '\\.')
    .replaceAll('[', '(?:')
    .replaceAll(']', ')?')
    .replaceAll(/\{(\w+)\}/g, '(?<$1>[^/:]{1,300})');
  return new RegExp(`^${escaped}$`);
}

function decoded(groups: Readonly<Record<string, string | undefined>>): PathParts {
  const entries = Object.entries(groups).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, decode(text)] as const],
  );
  return Object.fromEntries(entries);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new EnclosError('INFERENCE_NOT_FOUND');
  }
}
