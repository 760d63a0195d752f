import type { BodyLimit } from '@enclos/http';

/**
 * What may stand for `{name}` in a path. `choices`: one of a closed set; the audit log tells which. `pattern`: any text
 * that it matches whole, as the last step of a path.
 */
export type RouteParameter = { readonly choices: readonly string[] } | { readonly pattern: RegExp };

interface Place {
  readonly method: string;
  readonly path: string;
  readonly body?: number;
}

/** A route with what its path says. */
export interface FoundRoute<R> {
  readonly route: R;
  readonly parameters: Readonly<Record<string, string>>;
  /** Those of the parameters that come from closed sets. */
  readonly choices: Readonly<Record<string, string>>;
}

export interface RouteTable<R> {
  readonly routes: readonly R[];
  /** The routes at a path, by method; undefined when there are none. */
  readonly at: (path: string) => ReadonlyMap<string, FoundRoute<R>> | undefined;
}

type Methods<R> = Map<string, FoundRoute<R>>;

/**
 * Routes by their path as it is sent, and their method. No path is decoded, so none has two spellings; a path without a
 * pattern goes before one with it.
 * @throws TypeError for a parameter that the table does not have, and for a pattern before the end of a path
 */
export function createRouteTable<R extends Place>(
  routes: readonly R[],
  parameters: Readonly<Record<string, RouteParameter>> = {},
): RouteTable<R> {
  const exact = new Map<string, Methods<R>>();
  const named = new Map<string, { readonly name: string; readonly pattern: RegExp; readonly methods: Methods<R> }>();
  for (const route of routes) {
    for (const { path, choices } of spellings(route.path, parameters)) {
      const [, folder, name] = /^(.*\/)\{([a-z]+)\}$/i.exec(path) ?? [];
      const found = { route, parameters: choices, choices };
      if (folder === undefined || name === undefined) {
        const methods: Methods<R> = exact.get(path) ?? new Map();
        exact.set(path, methods.set(route.method, found));
      } else {
        const entry = named.get(folder) ?? { name, pattern: patternOf(name, parameters), methods: new Map() };
        entry.methods.set(route.method, found);
        named.set(folder, entry);
      }
    }
  }
  return Object.freeze<RouteTable<R>>({
    routes: Object.freeze([...routes]),
    at(path) {
      const methods = exact.get(path);
      if (methods !== undefined) return methods;
      const end = path.lastIndexOf('/') + 1;
      const entry = named.get(path.slice(0, end));
      const value = path.slice(end);
      if (entry === undefined || entry.pattern.exec(value)?.[0] !== value) return undefined;
      return new Map([...entry.methods].map(([method, found]) => [method, withName(found, entry.name, value)]));
    },
  });
}

function withName<R>(found: FoundRoute<R>, name: string, value: string): FoundRoute<R> {
  return { ...found, parameters: { ...found.parameters, [name]: value } };
}

interface Spelling {
  readonly path: string;
  readonly choices: Readonly<Record<string, string>>;
}

/** A path for each choice that can stand in it. */
function spellings(path: string, parameters: Readonly<Record<string, RouteParameter>>): readonly Spelling[] {
  let made: readonly Spelling[] = [{ path, choices: {} }];
  for (const [hole, name = ''] of path.matchAll(/\{([a-z]+)\}/gi)) {
    const parameter = parameters[name];
    if (parameter === undefined) throw new TypeError(`The path ${path} has a parameter that its table does not have.`);
    if ('pattern' in parameter) {
      if (!path.endsWith(`/${hole}`)) throw new TypeError(`The path ${path} has a pattern that is not its last step.`);
      continue;
    }
    made = made.flatMap((one) =>
      parameter.choices.map((choice) => ({
        path: one.path.replace(hole, choice),
        choices: { ...one.choices, [name]: choice },
      })),
    );
  }
  return made;
}

function patternOf(name: string, parameters: Readonly<Record<string, RouteParameter>>): RegExp {
  const parameter = parameters[name];
  if (parameter !== undefined && 'pattern' in parameter) return parameter.pattern;
  throw new TypeError(`The parameter ${name} has no pattern.`);
}

/** For requests that need no body, and for those that are answered with an error anyway. */
const noBodyBytes = 4096;

/** How long the body of a request may be, by its route: known from the head, so nothing else is read, or kept. */
export function bodyLimitOf(table: RouteTable<Place>): BodyLimit {
  return ({ method, path }) => table.at(path)?.get(method)?.route.body ?? noBodyBytes;
}
