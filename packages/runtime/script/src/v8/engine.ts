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
import { openRealm, type Realm } from './realm.ts';
import { MODULES_FILE, traceReader } from './trace.ts';

/**
 * Runs programs on V8, in a separate context each. It is for development and tests: `maxExecutionMs` holds, heap and stack are those
 * of the process, and a context of V8 does not hold back hostile code.
 * @example
 * const interpreter = v8Engine().load({ prelude, modules, host }, limits);
 * interpreter.call('handle', ['/app.js', 'get'], limits);
 */
export function v8Engine(): ScriptEngine {
  return { name: 'v8', load: (program, limits) => loadProgram(program, limits) };
}

function loadProgram(program: ScriptProgram, limits: ScriptLimits): ScriptInterpreter {
  const linked = linkModules(program.modules);
  const parts = {
    host: program.host,
    prelude: program.prelude.map(({ name, source }) => new Script(source, { filename: name })),
    modules: new Script(linked.text, { filename: MODULES_FILE }),
    trace: traceReader(linked.map),
  };
  let realm: Realm | undefined = openRealm(parts, limits);
  let calling = false;
  return {
    call(name: string, values: readonly ScriptValue[], callLimits: ScriptLimits): ScriptOutcome {
      if (realm === undefined) throw new Error('The interpreter is disposed of.');
      if (calling) throw new Error('The interpreter is in a call.');
      calling = true;
      try {
        return realm.call(name, values, callLimits);
      } finally {
        calling = false;
      }
    },
    checkTime() {
      // V8 ends functions of the host as it ends the script.
    },
    reset() {
      realm = openRealm(parts, limits);
    },
    dispose() {
      realm = undefined;
    },
  };
}
