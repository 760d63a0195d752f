import type { DuplexLike } from '@enclos/gate';

/** One process that serves an engine. */
export interface EngineProcess {
  /** Its number among the processes of the companion. The next process of the same number is another object. */
  readonly number: number;
  /** Leads to the engine, and to nothing else. The pool owns it. */
  readonly stream: DuplexLike;
  /** Kills the process, even while native code computes in it. */
  end(): void;
}

export interface EngineEvents {
  started(process: EngineProcess): void;
  ended(process: EngineProcess): void;
}

/** Starts the processes of engines, now and again after each death, and reports them: `openCompanions` of an enclave. */
export type EngineSource = (events: EngineEvents) => void;
