/**
 * The engine of development: the same programs on V8, where its debugger sees them. Never in enclaves.
 * Needs the package `esbuild`, which links the modules.
 */
import '../errors.ts';

export { v8Engine, type V8EngineOptions } from './engine.ts';
