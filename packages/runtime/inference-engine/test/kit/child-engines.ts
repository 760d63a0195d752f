import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { EngineEvents, EngineProcess, EngineSource } from '../../src/index.ts';

const program = fileURLToPath(new URL('native-engine.js', import.meta.url));

/** Engines as plain child processes, started again after each death, as the platform does it with companions. */
export class ChildEngines {
  readonly #count: number;
  readonly #children = new Map<EngineProcess, ChildProcess>();
  /** How many have been started. */
  started = 0;
  #isClosed = false;

  constructor(count: number) {
    this.#count = count;
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
    for (const child of this.#children.values()) child.kill('SIGKILL');
  }

  close(): void {
    this.#isClosed = true;
    this.kill();
  }

  #start(number: number, events: EngineEvents): void {
    this.started++;
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
    const stream = child.stdio[3];
    if (!(stream instanceof Duplex)) throw new TypeError('The child has no channel.');
    const engine: EngineProcess = { number, stream, end: () => void child.kill('SIGKILL') };
    this.#children.set(engine, child);
    child.once('exit', () => {
      this.#children.delete(engine);
      events.ended(engine);
      if (!this.#isClosed) this.#start(number, events);
    });
    events.started(engine);
  }
}
