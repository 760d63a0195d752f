import type { KvTransaction } from '@enclos/kv';
import type { WriteSet } from '@enclos/ledger';
import type { ScriptLimits } from '@enclos/script';
import {
  appMaps,
  defaultRuntimeOptions,
  readEndpointRows,
  readModuleRows,
  readRuntimeOptions,
  type EndpointRow,
  type RuntimeOptions,
} from '../bundle/rows.ts';
import { loadCcfProgram, type CcfInterpreter } from '../ccf/program.ts';
import type { AppFoundation } from '../context.ts';
import { builtInRoutes, type BuiltInHandler } from '../routes/built-in.ts';
import { Router } from '../routes/router.ts';
import type { ScriptRole } from '../session/role.ts';
import { InterpreterPool } from './interpreters.ts';

/** One version of an application, ready to run. */
export interface LoadedApp {
  readonly rows: readonly EndpointRow[];
  readonly router: Router<BuiltInHandler>;
  readonly options: RuntimeOptions;
  readonly pool: InterpreterPool;
}

/**
 * What loading may take: modules are compiled once for many requests, before any of them runs. As in CCF, limits that are too small
 * for that end requests, and not what loads them.
 */
function loadingLimits(options: RuntimeOptions): ScriptLimits {
  const { maxHeapBytes, maxStackBytes, maxExecutionMs } = defaultRuntimeOptions;
  return {
    maxHeapBytes: Math.max(options.maxHeapBytes, maxHeapBytes),
    maxStackBytes: Math.max(options.maxStackBytes, maxStackBytes),
    maxExecutionMs: Math.max(options.maxExecutionMs, maxExecutionMs),
  };
}

const parts = new Set<string>([appMaps.modules, appMaps.endpoints, appMaps.flush, appMaps.options]);

/** The application in the store. It is loaded when first asked for, and again after the store's own rows of it have changed. */
export class AppLoader {
  readonly #foundation: AppFoundation;
  #loaded: LoadedApp | undefined;

  constructor(foundation: AppFoundation) {
    this.#foundation = foundation;
  }

  /** The application as this transaction sees it. */
  load(transaction: KvTransaction): LoadedApp {
    this.#loaded ??= this.#read(transaction);
    return this.#loaded;
  }

  /** To be told of every write set that the store takes, also of those that governance made. */
  noteCommitted(writeSet: WriteSet): void {
    if (writeSet.some(({ name }) => parts.has(name))) this.forget();
  }

  /** After a rollback: the rows may be other ones. */
  forget(): void {
    this.#loaded?.pool.dispose();
    this.#loaded = undefined;
  }

  #read(transaction: KvTransaction): LoadedApp {
    const options = readRuntimeOptions(transaction);
    const rows = readEndpointRows(transaction);
    // Read now: the transaction ends before the first interpreter of another role is wanted.
    const modules = readModuleRows(transaction);
    const { engine, ...services } = this.#foundation;
    const loading = loadingLimits(options);
    const load = (role: ScriptRole): CcfInterpreter => loadCcfProgram({ engine, modules, role, services }, loading);
    return {
      rows,
      router: new Router(rows, builtInRoutes),
      options,
      pool: new InterpreterPool(load, options),
    };
  }
}
