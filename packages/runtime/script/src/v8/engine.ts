import { Script } from 'node:vm';

import type {
  ScriptEngine,
  ScriptInterpreter,
  ScriptLimits,
  ScriptOutcome,
  ScriptProgram,
  ScriptValue,
} from '../engine.ts';
import { linkModules } from './link.ts';
import { openRealm, type Realm, type RealmTimes } from './realm.ts';
import { MODULES_FILE, traceReader } from './trace.ts';

export interface V8EngineOptions {
  /**
   * For programs that a debugger stops: the folder that the names of modules and of their sources begin in, a `file:` URL with a slash
   * at its end. The debugger then finds the files of the author. A call may take ten minutes, whatever its limits say, since it stands
   * at a breakpoint for as long as the author looks. Default: no debugger.
   */
  readonly debugged?: URL;
}

/** V8 counts the time at a breakpoint too. Endless loops still end. */
const debuggedMs = 600_000;

/**
 * Runs programs on V8, in a separate context each. It is for development and tests: `maxExecutionMs` holds, heap and stack are those
 * of the process, and a context of V8 does not hold back hostile code.
 * @example
 * const interpreter = v8Engine().load({ prelude, modules, host }, limits);
 * interpreter.call('handle', ['/app.js', 'get'], limits);
 */
export function v8Engine({ debugged }: V8EngineOptions = {}): ScriptEngine {
  return { name: 'v8', load: (program, limits) => loadProgram(program, limits, debugged) };
}

function loadProgram(program: ScriptProgram, limits: ScriptLimits, debugged: URL | undefined): ScriptInterpreter {
  const linked = linkModules(program.modules, debugged);
  const timesOf = ({ maxExecutionMs }: ScriptLimits): RealmTimes =>
    debugged === undefined
      ? { timeout: Math.max(1, Math.ceil(maxExecutionMs)) }
      : { timeout: debuggedMs, breakOnSigint: true };
  const parts = {
    host: program.host,
    prelude: program.prelude.map(({ name, source }) => new Script(source, { filename: name })),
    modules: new Script(linked.text, { filename: nameIn(debugged) }),
    trace: traceReader(linked.map),
  };
  let realm: Realm | undefined = openRealm(parts, timesOf(limits));
  let calling = false;
  return {
    call(name: string, values: readonly ScriptValue[], callLimits: ScriptLimits): ScriptOutcome {
      if (realm === undefined) throw new Error('The interpreter is disposed of.');
      if (calling) throw new Error('The interpreter is in a call.');
      calling = true;
      try {
        return realm.call(name, values, timesOf(callLimits));
      } finally {
        calling = false;
      }
    },
    checkTime() {
      // V8 ends functions of the host as it ends the script.
    },
    reset() {
      realm = openRealm(parts, timesOf(limits));
    },
    dispose() {
      realm = undefined;
    },
  };
}

/** Debuggers look for sources only where the file that was made of them is in their folder. */
function nameIn(debugged: URL | undefined): string {
  return debugged === undefined ? MODULES_FILE : new URL(MODULES_FILE, debugged).href;
}
