/** What a pool reports, for metrics. Names, sizes and times: never a value, a tensor or a text of an engine. */
export interface EngineObserver {
  /** A run is over. */
  ran?(run: RunReport): void;
  /** An engine has started (the pool has not loaded its models yet) or is gone. */
  engines?(running: number): void;
  /** A model was loaded into an engine, or that failed. */
  loaded?(load: LoadReport): void;
}

export interface RunReport {
  readonly model: string;
  readonly version: string;
  /** Absent when it succeeded. */
  readonly errorCode?: string | undefined;
  /** How long it waited for an engine. */
  readonly queuedMs: number;
  /** How long it was with the engine; 0 when it never was. */
  readonly computeMs: number;
  readonly inputBytes: number;
  /** How many runs the engine computed together. */
  readonly batchRuns: number;
}

export interface LoadReport {
  readonly model: string;
  readonly version: string;
  readonly errorCode?: string | undefined;
  readonly loadMs: number;
  readonly engine: number;
}
