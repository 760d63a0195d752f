import type { EndpointRow } from '../bundle/rows.ts';
import { matchTemplate } from '../bundle/template.ts';

/** CCF lists methods in the order of its parser of HTTP (llhttp). */
const METHODS = ['DELETE', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'PATCH'];

/** Where a request goes. */
export type RouteMatch<Built> =
  | { readonly kind: 'app'; readonly row: EndpointRow; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'built-in'; readonly handler: Built }
  | { readonly kind: 'ambiguous'; readonly templates: readonly string[] }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'unknown' };

/** Handlers that are part of the service: by path, then by method in capitals. */
export type BuiltInRoutes<Built> = ReadonlyMap<string, Readonly<Record<string, Built>>>;

/**
 * The endpoints of an application, and those of the service under them: an application's own hides one of the service (CCF,
 * src/js/registry.cpp, find_endpoint).
 */
export class Router<Built> {
  readonly #exact = new Map<string, Map<string, EndpointRow>>();
  readonly #templates: EndpointRow[] = [];
  readonly #builtIn: BuiltInRoutes<Built>;

  constructor(rows: readonly EndpointRow[], builtIn: BuiltInRoutes<Built>) {
    this.#builtIn = builtIn;
    for (const row of rows) {
      if (row.template !== undefined) {
        this.#templates.push(row);
        continue;
      }
      const verbs = this.#exact.get(row.path) ?? new Map<string, EndpointRow>();
      this.#exact.set(row.path, verbs.set(row.verb, row));
    }
  }

  /** @param path without the prefix `/app`. */
  find(verb: string, path: string): RouteMatch<Built> {
    const exact = this.#exact.get(path)?.get(verb);
    if (exact !== undefined) return { kind: 'app', row: exact, params: {} };
    const matches = this.#templatesFor(path).filter(({ row }) => row.verb === verb);
    const [match, ...more] = matches;
    if (match !== undefined && more.length === 0) return { kind: 'app', ...match };
    if (match !== undefined) return { kind: 'ambiguous', templates: matches.map(({ row }) => row.path) };
    const verbs = this.#builtIn.get(path);
    const handler = verbs !== undefined && Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (handler !== undefined) return { kind: 'built-in', handler };
    const allowed = this.#allowed(path);
    return allowed.length === 0 ? { kind: 'unknown' } : { kind: 'wrong-method', allowed: ['OPTIONS', ...allowed] };
  }

  #templatesFor(path: string): readonly { row: EndpointRow; params: Record<string, string> }[] {
    return this.#templates.flatMap((row) => {
      const params = row.template === undefined ? undefined : matchTemplate(row.template, path);
      return params === undefined ? [] : [{ row, params }];
    });
  }

  #allowed(path: string): readonly string[] {
    const verbs = new Set([
      ...Object.keys(this.#builtIn.get(path) ?? {}),
      ...(this.#exact.get(path)?.keys() ?? []),
      ...this.#templatesFor(path).map(({ row }) => row.verb),
    ]);
    return METHODS.filter((verb) => verbs.has(verb));
  }
}
