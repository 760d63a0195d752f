import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { EngineEvents, EngineProcess, EngineSource } from '../../src/index.ts';

const programOf = (kind: EngineKind): string => fileURLToPath(new URL(`${kind}-engine.js`, import.meta.url));

export type EngineKind = 'native' | 'wasm';

interface ChildOptions {
  readonly kind?: EngineKind;
  /** What starts the interpreter. */
  readonly wrapper?: readonly string[];
}

/** Engines as plain child processes, started again after each death, as the platform does it with companions. */
export class ChildEngines {
  readonly #count: number;
  readonly #command: readonly string[];
  readonly #children = new Map<EngineProcess, ChildProcess>();
  /** How many have been started. */
  started = 0;
  #isClosed = false;

  constructor(count: number, { kind = 'native', wrapper = [] }: ChildOptions = {}) {
    this.#count = count;
    this.#command = [...wrapper, process.execPath, programOf(kind)];
  }

  get source(): EngineSource {
    return (events) => {
      for (let number = 0; number < this.#count; number++) this.#start(number, events);
    };
  }

  get processes(): readonly number[] {
    return [...this.#children.values()].flatMap(({ pid }) => pid ?? []);
  }

  kill(): void {
    for (const child of this.#children.values()) killGroup(child);
  }

  close(): void {
    this.#isClosed = true;
    this.kill();
  }

  #start(number: number, events: EngineEvents): void {
    this.started++;
    const [file = '', ...args] = this.#command;
    const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'], detached: true });
    const stream = child.stdio[3];
    if (!(stream instanceof Duplex)) throw new TypeError('The child has no channel.');
    const engine: EngineProcess = { number, stream, end: () => killGroup(child) };
    this.#children.set(engine, child);
    child.once('exit', () => {
      this.#children.delete(engine);
      events.ended(engine);
      if (!this.#isClosed) this.#start(number, events);
    });
    events.started(engine);
  }
}

/** A wrapper, and what it started, too. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
