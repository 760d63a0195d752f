import { fileURLToPath } from 'node:url';
import { ChildEngines } from '../../src/child-processes.ts';

export type EngineKind = 'native' | 'wasm';

interface StartOptions {
  readonly kind?: EngineKind;
  /** What starts the interpreter. */
  readonly wrapper?: readonly string[];
}

/** Engines of this folder as child processes. */
export function childEngines(count: number, { kind = 'native', wrapper = [] }: StartOptions = {}): ChildEngines {
  const program = fileURLToPath(new URL(`${kind}-engine.js`, import.meta.url));
  return new ChildEngines({ count, command: [...wrapper, process.execPath, program] });
}
