/** The engine of production: QuickJS in WebAssembly, within hard limits. Runs in enclaves. */
import '../errors.ts';

export { quickJsEngine, type QuickJsEngine, type QuickJsEngineOptions } from './engine.ts';
export type { QuickJsMachine } from './instance.ts';
export { QuickJsInterpreter } from './interpreter.ts';
