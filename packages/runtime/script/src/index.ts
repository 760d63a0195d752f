/** JavaScript within hard limits. Runs in enclaves. */
export {
  ScriptThrow,
  type HostFunction,
  type ScriptEngine,
  type ScriptFile,
  type ScriptInterpreter,
  type ScriptLimits,
  type ScriptOutcome,
  type ScriptProgram,
  type ScriptValue,
} from './engine.ts';
export { scriptErrors } from './errors.ts';
