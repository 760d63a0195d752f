import type { HostFunction, ScriptEngine, ScriptFile, ScriptLimits, ScriptOutcome } from '@enclos/script';

import type { ScriptServices } from '../context.ts';
import { basePrelude } from './base/prelude.ts';
import { consensus } from './consensus/index.ts';
import { consoleLines } from './console/index.ts';
import { converters } from './converters/index.ts';
import type { Extension } from '../session/extension.ts';
import { crypto } from './crypto/index.ts';
import { govApply, govValidate } from './gov/index.ts';
import { historical } from './historical/index.ts';
import { kv } from './kv/index.ts';
import { random } from './random/index.ts';
import { request as requests } from './request/index.ts';
import type { ScriptRequest } from '../session/request.ts';
import { isApplication, type ScriptRole } from '../session/role.ts';
import { rpc } from './rpc/index.ts';
import { snp } from './snp/index.ts';
import { ScriptSession, type CallInput, type ScriptCall } from '../session/session.ts';

/** Modules with the global `ccf` around them. */
export interface CcfProgram {
  readonly engine: ScriptEngine;
  /** By absolute name, such as `/app.js`. */
  readonly modules: readonly ScriptFile[];
  readonly role: ScriptRole;
  readonly services: ScriptServices;
}

/** An exported function. */
export interface CcfFunction {
  /** The absolute name of its module. */
  readonly module: string;
  readonly name: string;
}

/** How a call ended, and what the script did in it. */
export interface CcfOutcome {
  readonly outcome: ScriptOutcome;
  readonly call: ScriptCall;
}

/** An interpreter with a program in it. One call at a time. */
export interface CcfInterpreter {
  readonly role: ScriptRole;
  /** Whether the script asked for a line with its time (`ccf.enableMetricsLogging`). */
  readonly logsMetrics: boolean;
  /**
   * Runs a handler. The answer is in `call.response`; after an exception of the conversion,
   * `call.conversionFailure` has the text of CCF.
   */
  handle(handler: CcfFunction, request: ScriptRequest, input: CallInput, limits: ScriptLimits): CcfOutcome;
  /** Calls an exported function with an array of arguments in JSON; returns its value in JSON, undefined where it has none. */
  invoke(called: CcfFunction, values: string, input: CallInput, limits: ScriptLimits): CcfOutcome;
  /** Evaluates a module, by its absolute name; returns the names of the functions that it exports, as an array in JSON. */
  functionsOf(module: string, input: CallInput, limits: ScriptLimits): CcfOutcome;
  reset(): void;
  dispose(): void;
}

const everywhere: readonly Extension[] = [random, consoleLines, converters, kv, crypto, snp];
const inApplications: readonly Extension[] = [rpc, consensus, historical];
const byRole: Readonly<Record<ScriptRole, readonly Extension[]>> = {
  readwrite: inApplications,
  readonly: inApplications,
  ballot: [],
  validate: [govValidate],
  resolve: [],
  apply: [govApply],
};
/** Proposals have no states of the past. */
const noHistory = 'const setHistoricalState = () => {};';

/**
 * Loads a program with what its role gives it.
 *
 * @throws SCRIPT_INVALID
 */
export function loadCcfProgram(program: CcfProgram, limits: ScriptLimits): CcfInterpreter {
  const { engine, modules, role, services } = program;
  const session = new ScriptSession({ role, services, engine });
  const extensions = [...everywhere, ...byRole[role], requests];
  const host = Object.fromEntries(extensions.flatMap((extension) => Object.entries(hostOf(extension, session))));
  const interpreter = engine.load({ prelude: [preludeOf(extensions, role)], modules, host }, limits);
  session.runIn(interpreter);
  const run = (entry: string, values: readonly string[], running: ScriptCall): CcfOutcome => {
    try {
      return { outcome: interpreter.call(entry, values, running.limits), call: running };
    } finally {
      session.end();
    }
  };
  return {
    role,
    get logsMetrics() {
      return session.metrics;
    },
    handle: ({ module, name }, request, given, within) =>
      run('handle', [module, name], session.begin(given, within, request)),
    invoke: ({ module, name }, values, given, within) =>
      run('invoke', [module, name, values], session.begin(given, within)),
    functionsOf: (module, given, within) => run('functions', [module], session.begin(given, within)),
    reset() {
      interpreter.reset();
      session.reset();
    },
    dispose: () => interpreter.dispose(),
  };
}

function hostOf(extension: Extension, session: ScriptSession): Readonly<Record<string, HostFunction>> {
  const functions = extension.host(session);
  if (extension.takesLong !== true) return functions;
  const timed = (called: HostFunction): HostFunction => {
    return (...values) => {
      try {
        return called(...values);
      } finally {
        // Also of one that failed: the script goes on.
        session.checkTime();
      }
    };
  };
  return Object.fromEntries(Object.entries(functions).map(([name, called]) => [name, timed(called)]));
}
/** What traces call our own code. */
export const preludeName = 'ccf-prelude.js';

function preludeOf(extensions: readonly Extension[], role: ScriptRole): ScriptFile {
  const parts = [basePrelude, ...(isApplication(role) ? [] : [noHistory]), ...extensions.map(({ prelude }) => prelude)];
  const source = `((host) => {\n'use strict';\nconst load = host.import;\n${parts.join('\n')}\n})(host);\n`;
  return { name: preludeName, source };
}
