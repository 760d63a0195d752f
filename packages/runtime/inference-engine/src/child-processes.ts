import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { EngineEvents, EngineProcess, EngineSource } from './pool/source.ts';

/** The descriptor of a child that leads to its pool. */
export const CHANNEL_DESCRIPTOR = 3;

export interface ChildEnginesOptions {
  /** What starts one engine, which serves on the descriptor 3: the program and its arguments. */
  readonly command: readonly string[];
  /** How many run at once. */
  readonly count: number;
}

/**
 * Engines as plain child processes, started again after each death: for tests and measurements, and for a server that is not an enclave.
 * They have all that their user has. Inside an enclave the platform starts engines as companions, which have nothing.
 *
 * @example
 * ```ts
 * import { EnginePool } from '@enclos/inference-engine';
 * import { ChildEngines } from '@enclos/inference-engine/child-processes';
 *
 * const engines = new ChildEngines({ command: [process.execPath, 'engine.js'], count: 2 });
 * const pool = new EnginePool({ engines: engines.source });
 * ```
 */
export class ChildEngines {
  readonly #options: ChildEnginesOptions;
  readonly #children = new Map<EngineProcess, ChildProcess>();
  #started = 0;
  #isClosed = false;

  constructor(options: ChildEnginesOptions) {
    this.#options = options;
  }

  /** Starts the engines. */
  get source(): EngineSource {
    return (events) => {
      for (let number = 0; number < this.#options.count; number++) this.#start(number, events);
    };
  }

  /** How many have been started, those after a death among them. */
  get started(): number {
    return this.#started;
  }

  /** The numbers of the processes that run. */
  get processes(): readonly number[] {
    return [...this.#children.values()].flatMap(({ pid }) => pid ?? []);
  }

  /** Kills all of them. They are started again. */
  kill(): void {
    for (const child of this.#children.values()) killGroup(child);
  }

  /** Kills all of them, and starts none again. */
  close(): void {
    this.#isClosed = true;
    this.kill();
  }

  #start(number: number, events: EngineEvents): void {
    this.#started++;
    const [file = '', ...args] = this.#options.command;
    // A group, so that a wrapper ends with what it started.
    const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'], detached: true });
    const stream = child.stdio[CHANNEL_DESCRIPTOR];
    if (!(stream instanceof Duplex)) throw new TypeError('The engine has no channel.');
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

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
