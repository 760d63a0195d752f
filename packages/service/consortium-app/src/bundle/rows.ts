import { utf8 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { isJsonObject, parseJsonBytes } from '@enclos/codec/json';
import type { KvTransaction } from '@enclos/kv';
import type { ScriptFile } from '@enclos/script';
import { bundleBounds, type AppBundle } from './bundle.ts';
import { readProperties, type EndpointProperties } from './properties.ts';
import { parseTemplate, type PathTemplate } from './template.ts';

/** The maps that hold an application (CCF, doc/audit/builtin_maps.rst). */
export const appMaps = Object.freeze({
  modules: 'public:ccf.gov.modules',
  bytecode: 'public:ccf.gov.modules_quickjs_bytecode',
  bytecodeVersion: 'public:ccf.gov.modules_quickjs_version',
  flush: 'public:ccf.gov.interpreter.flush',
  endpoints: 'public:ccf.gov.endpoints',
  options: 'public:ccf.gov.js_runtime_options',
} as const);

/** The key of maps that hold one value (CCF, include/ccf/service/map.h). */
export const singletonKey: Uint8Array = new Uint8Array(8);

/**
 * Writes an application into the store, as `set_js_app` of CCF's constitution does with `disable_bytecode_cache`: our interpreters
 * read sources.
 */
export function installBundle(transaction: KvTransaction, { endpoints, modules }: AppBundle): void {
  removeApp(transaction);
  const sources = transaction.map(appMaps.modules);
  for (const { name, source } of modules) sources.set(utf8(`/${name}`), utf8(source));
  transaction.map(appMaps.flush).set(singletonKey, utf8('true'));
  const rows = transaction.map(appMaps.endpoints);
  for (const { verb, path, properties, source } of endpoints) {
    const row = { ...source, js_module: `/${properties.module}` };
    rows.set(utf8(`${verb} ${path}`), utf8(JSON.stringify(row)));
  }
}

/** As `remove_js_app`. */
function removeApp(transaction: KvTransaction): void {
  const { modules, bytecode, bytecodeVersion, endpoints } = appMaps;
  for (const name of [modules, bytecode, bytecodeVersion, endpoints]) transaction.map(name).clear();
}

/** An endpoint as the store has it. */
export interface EndpointRow {
  readonly verb: string;
  readonly path: string;
  readonly template: PathTemplate | undefined;
  /** The row, or what is wrong with it: governance does not check everything, so a request must. */
  readonly properties: EndpointProperties | { readonly problem: string };
}

export function readEndpointRows(transaction: KvTransaction): readonly EndpointRow[] {
  const rows: EndpointRow[] = [];
  transaction.map(appMaps.endpoints).forEach((value, key) => {
    const [verb = '', path = ''] = decodeUtf8(key).split(' ', 2);
    rows.push({ verb, path, template: parseTemplate(path), properties: propertiesOf(value, `${verb} ${path}`) });
  });
  return rows;
}

function propertiesOf(value: Uint8Array, where: string): EndpointRow['properties'] {
  const texts: string[] = [];
  try {
    const { values: maxValues, depth: maxDepth } = bundleBounds;
    const properties = readProperties(parseJsonBytes(value, bundleBounds.bytes, { maxValues, maxDepth }), where, {
      texts,
    });
    return properties ?? { problem: texts.join(' ') };
  } catch {
    return { problem: `${where}: is not JSON.` };
  }
}

export function readModuleRows(transaction: KvTransaction): readonly ScriptFile[] {
  const files: ScriptFile[] = [];
  transaction.map(appMaps.modules).forEach((value, key) => {
    files.push({ name: decodeUtf8(key), source: decodeUtf8(value) });
  });
  return files;
}

/** What `set_js_runtime_options` sets (CCF, include/ccf/service/tables/jsengine.h). */
export interface RuntimeOptions {
  readonly maxHeapBytes: number;
  readonly maxStackBytes: number;
  readonly maxExecutionMs: number;
  readonly logsExceptions: boolean;
  readonly returnsExceptions: boolean;
  readonly maxCachedInterpreters: number;
}

/** CCF's defaults. */
export const defaultRuntimeOptions: RuntimeOptions = Object.freeze({
  maxHeapBytes: 104_857_600,
  maxStackBytes: 1_048_576,
  maxExecutionMs: 5000,
  logsExceptions: false,
  returnsExceptions: false,
  maxCachedInterpreters: 10,
});

/** The options in the store. A member that is absent, or no sensible value, has its default. */
export function readRuntimeOptions(transaction: KvTransaction): RuntimeOptions {
  const value = transaction.map(appMaps.options).get(singletonKey);
  if (value === undefined) return defaultRuntimeOptions;
  const options = parseJsonBytes(value, 65_536);
  if (!isJsonObject(options)) return defaultRuntimeOptions;
  const count = (name: string, fallback: number): number => {
    const found = options[name];
    return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0 ? found : fallback;
  };
  return Object.freeze({
    maxHeapBytes: count('max_heap_bytes', defaultRuntimeOptions.maxHeapBytes),
    maxStackBytes: count('max_stack_bytes', defaultRuntimeOptions.maxStackBytes),
    maxExecutionMs: count('max_execution_time_ms', defaultRuntimeOptions.maxExecutionMs),
    logsExceptions: options['log_exception_details'] === true,
    returnsExceptions: options['return_exception_details'] === true,
    maxCachedInterpreters: count('max_cached_interpreters', defaultRuntimeOptions.maxCachedInterpreters),
  });
}
