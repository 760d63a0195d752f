import '../errors.ts';
import { utf8 } from '@enclos/codec';
import { isJsonObject, JsonForm, parseJsonBytes, string } from '@enclos/codec/json';
import type { JsonObject, JsonProblems, JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { object, readProperties, type EndpointProperties } from './properties.ts';
import { templateProblem } from './template.ts';

/** One ES module of an application. The name is relative to `src/`, with `/` between folders. */
export interface AppModule {
  readonly name: string;
  readonly source: string;
}

/** One endpoint of a bundle. */
export interface BundleEndpoint {
  /** In capitals. */
  readonly verb: string;
  /** Such as `/records/{key}`. */
  readonly path: string;
  readonly properties: EndpointProperties;
  /** As app.json has it: what governance stores. */
  readonly source: JsonObject;
}

/** An application of CCF as governance gets it (CCF, doc/build_apps/js_app_bundle.rst). */
export interface AppBundle {
  readonly endpoints: readonly BundleEndpoint[];
  readonly modules: readonly AppModule[];
}

/** The most that a bundle may hold. CCF's own bound is its largest message, 64 MB. */
export const bundleBounds = Object.freeze({
  bytes: 67_108_864,
  modules: 4096,
  endpoints: 2048,
  values: 65_536,
  depth: 64,
});
const maximumNameLength = 1024;
const verbs = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Reads `bundle.json` as `npx ccf-build-bundle` writes it, the arguments of `set_js_app`, or a proposal with that action alone.
 *
 * @example
 * const { endpoints, modules } = readBundle(await readFile('bundle.json'));
 *
 * @throws APP_INVALID that names every mistake.
 */
export function readBundle(bytes: Uint8Array): AppBundle {
  return noting((problems) => {
    const form = bundleForm(new JsonForm(json(bytes, 'The bundle'), '', problems), problems);
    const sources = form?.forms('modules', bundleBounds.modules) ?? [];
    const modules = sources.map((module) => ({
      name: module.required('name', string(maximumNameLength)) ?? '',
      source: module.required('module', string(bundleBounds.bytes)) ?? '',
    }));
    return checkBundle(form?.form('metadata'), modules, problems);
  });
}

/**
 * Makes a bundle of the content of a folder.
 *
 * @param metadata the bytes of app.json.
 * @throws APP_INVALID that names every mistake.
 */
export function bundleOf(metadata: Uint8Array, modules: readonly AppModule[]): AppBundle {
  return noting((problems) => checkBundle(new JsonForm(json(metadata, 'app.json'), '', problems), modules, problems));
}

/** `bundle.json`: what {@link readBundle} reads, and `set_js_app` takes. */
export function writeBundle({ endpoints, modules }: AppBundle): Uint8Array {
  const paths = new Map<string, Record<string, JsonObject>>();
  for (const { verb, path, source } of endpoints) {
    const methods = paths.get(path) ?? {};
    methods[verb.toLowerCase()] = source;
    paths.set(path, methods);
  }
  return utf8(
    JSON.stringify({
      metadata: { endpoints: Object.fromEntries(paths) },
      modules: modules.map(({ name, source }) => ({ name, module: source })),
    }),
  );
}

/** The object with `metadata` and `modules`, in whichever of the three forms it comes. */
function bundleForm(form: JsonForm, problems: JsonProblems): JsonForm | undefined {
  if (form.has('metadata')) return form;
  const bundle = form.form('bundle');
  if (bundle !== undefined) return bundle;
  const [action, ...more] = form.forms('actions', 16);
  const isAlone = more.length === 0 && action?.required('name', string(maximumNameLength)) === 'set_js_app';
  const found = isAlone ? action.form('args')?.form('bundle') : undefined;
  if (found === undefined && problems.texts.length === 0) {
    problems.texts.push('the bundle: has neither "metadata", nor "bundle", nor the one action "set_js_app".');
  }
  return found;
}

function checkBundle(metadata: JsonForm | undefined, modules: readonly AppModule[], problems: JsonProblems): AppBundle {
  checkModules(modules, problems);
  const names = new Set(modules.map(({ name }) => name));
  const endpoints = readEndpoints(metadata?.required('endpoints', object) ?? {}, problems);
  for (const { verb, path, properties } of endpoints) {
    if (!names.has(properties.module)) {
      problems.texts.push(`${verb} ${path}: the module ${JSON.stringify(properties.module)} is not in the bundle.`);
    }
  }
  return Object.freeze({ endpoints, modules });
}

/** Names that a folder could have, each once: `/app.js` and `app.js` would be one row of the store. */
function checkModules(modules: readonly AppModule[], problems: JsonProblems): void {
  const seen = new Set<string>();
  for (const { name } of modules) {
    const isRelative = name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
    const shown = JSON.stringify(name.slice(0, 64));
    if (!isRelative || /[\\\0]/.test(name)) problems.texts.push(`modules: ${shown} is not a path within src/.`);
    else if (seen.has(name)) problems.texts.push(`modules: ${shown} is there twice.`);
    seen.add(name);
  }
}

function readEndpoints(paths: JsonObject, problems: JsonProblems): readonly BundleEndpoint[] {
  const found: BundleEndpoint[] = [];
  for (const [path, methods] of Object.entries(paths)) {
    const shown = JSON.stringify(path.slice(0, 64));
    const problem = templateProblem(path);
    if (problem !== undefined) problems.texts.push(`${shown}: ${problem}`);
    if (!isJsonObject(methods)) {
      problems.texts.push(`${shown}: must be an object with a member for each method.`);
      continue;
    }
    for (const [method, source] of Object.entries(methods)) {
      const verb = method.toUpperCase();
      const where = `${verb.slice(0, 16)} ${path.slice(0, 64)}`;
      if (!verbs.has(verb)) {
        problems.texts.push(`${where}: the method is none of ${[...verbs].join(', ').toLowerCase()}.`);
      }
      const properties = readProperties(source, where, problems);
      if (properties !== undefined) found.push({ verb, path, properties, source: source as JsonObject });
    }
  }
  if (found.length > bundleBounds.endpoints) problems.texts.push(`endpoints: are more than ${bundleBounds.endpoints}.`);
  return found;
}

function json(bytes: Uint8Array, what: string): JsonValue {
  try {
    const { bytes: maxLength, values: maxValues, depth: maxDepth } = bundleBounds;
    return parseJsonBytes(bytes, maxLength, { maxValues, maxDepth });
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    throw new EnclosError('APP_INVALID', `${what} is not JSON within its bounds. ${error.message}`, { cause: error });
  }
}

const shownProblems = 20;

/** One pass finds all mistakes, so that authors need not mend them one by one. */
function noting(read: (problems: JsonProblems) => AppBundle): AppBundle {
  const texts: string[] = [];
  const bundle = read({ texts });
  if (texts.length === 0) return bundle;
  const more = texts.length > shownProblems ? [`and ${texts.length - shownProblems} more.`] : [];
  throw new EnclosError(
    'APP_INVALID',
    ['The application is not valid:', ...texts.slice(0, shownProblems), ...more].join('\n  '),
  );
}
