import { isEnclosError, isErrorCode, type ErrorCode } from '@enclos/errors';
import type {
  Connection,
  HostEventName,
  Instrumentation,
  Observation,
  Operation,
  OperationEnd,
} from './instrumentation.ts';
import { defaultLogLimits, LogBudget, type LogLimits } from './log-budget.ts';
import { levelOf, logLevels, type EnclosLogger, type LogFields, type LogLevel } from './logger.ts';

export interface WatchOptions {
  /** Takes the enclave's lines and the host's own events. Nothing is logged when absent. */
  readonly logger?: EnclosLogger | undefined;
  /** The most detailed level that the logger gets, which the enclave is asked to keep to. Default `info`. */
  readonly logLevel?: LogLevel | undefined;
  /** Bounds what an enclave causes in the logger; records above it are dropped, counted and reported. */
  readonly logLimits?: Partial<LogLimits> | undefined;
  readonly instrumentation?: Instrumentation | readonly Instrumentation[] | undefined;
}

/** @returns undefined without an observer: then nothing is wrapped, and calls cost nothing extra. */
export function createWatch(enclave: string, options: WatchOptions, nowMs?: () => number): Watch | undefined {
  const { logger, instrumentation = [] } = options;
  const instruments = Array.isArray(instrumentation) ? instrumentation : [instrumentation];
  if (logger === undefined && instruments.length === 0) return undefined;
  return new Watch({ enclave, options, instruments, nowMs: nowMs ?? (() => performance.now()) });
}

interface WatchInit {
  readonly enclave: string;
  readonly options: WatchOptions;
  readonly instruments: readonly Instrumentation[];
  readonly nowMs: () => number;
}

/** Combines all observers of one enclave. It outlives the enclave when that is started again. */
export class Watch {
  /** Hex, once the platform has measured. */
  mrEnclave: string | undefined;
  readonly #enclave: string;
  readonly #logger: EnclosLogger | undefined;
  readonly #instruments: readonly Instrumentation[];
  readonly #seesConnections: boolean;
  readonly #most: number;
  readonly #budget: LogBudget;

  constructor({ enclave, options, instruments, nowMs }: WatchInit) {
    this.#enclave = enclave;
    this.#logger = options.logger;
    this.#instruments = instruments;
    this.#seesConnections = instruments.some((instrument) => 'connection' in instrument);
    this.#most = logLevels.indexOf(options.logLevel ?? 'info');
    this.#budget = new LogBudget({ ...defaultLogLimits, ...options.logLimits }, nowMs);
  }

  /** Tells all observers. */
  event(event: HostEventName, level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#tellDropped();
    this.#tell(event, level, message, fields);
  }

  /** A line from the enclave: untrusted, but already without control characters. */
  line(level: number, text: string): void {
    if (this.#logger === undefined || level > this.#most || !this.#budget.take(Buffer.byteLength(text))) return;
    this.#tellDropped();
    this.#record(levelOf(level), { event: 'line', ...this.#who() }, text);
  }

  begin(operation: Pick<Operation, 'kind' | 'function'>, parent?: WatchedOperation): WatchedOperation {
    const observations = this.#instruments.map((instrument, i) =>
      attempt(() =>
        instrument.begin?.({
          ...operation,
          enclave: this.#enclave,
          mrEnclave: this.mrEnclave,
          parent: parent?.observations[i],
        }),
      ),
    );
    return new WatchedOperation(observations, (end, code) => this.#ended(operation, end, code));
  }

  /** @returns undefined when no observer looks at connections */
  connection(kind: ConnectionKind): WatchedConnection | undefined {
    if (!this.#seesConnections) return undefined;
    const connection = { ...kind, enclave: this.#enclave, mrEnclave: this.mrEnclave };
    const observations = this.#instruments.map((instrument) => attempt(() => instrument.connection?.(connection)));
    return {
      end(bytesToEnclave, bytesFromEnclave) {
        const end = Object.freeze({ bytesToEnclave, bytesFromEnclave });
        for (const observation of observations) attempt(() => observation?.end(end));
      },
    };
  }

  /** @param change as in `BacklogChange` */
  backlog(listener: string, { waiting = 0, dropped = 0 }: { waiting?: number; dropped?: number }): void {
    const enclave = this.#enclave;
    for (const instrument of this.#instruments) {
      attempt(() => instrument.backlog?.({ enclave, listener, waiting, dropped }));
    }
  }

  #ended(operation: Pick<Operation, 'kind' | 'function'>, seen: WatchedOperation, code: OperationEnd['code']): void {
    const { argumentBytes, resultBytes } = seen;
    const end = Object.freeze({ code, argumentBytes, resultBytes, mrEnclave: this.mrEnclave });
    for (const observation of seen.observations) attempt(() => observation?.end(end));
    if (code === 'OK' || operation.kind === 'load' || operation.kind === 'start') return;
    // A refusal by the application itself is routine.
    const level = code === 'ENCLAVE_APPLICATION_ERROR' ? 'debug' : 'warn';
    if (logLevels.indexOf(level) > this.#most || !this.#budget.take(0)) return;
    this.event('call-failed', level, `The call of ${operation.function} failed.`, { ...operation, code });
  }

  /** Subject to the budget, so that the count is reported when there is room again, or at the next event. */
  #tellDropped(): void {
    const count = this.#budget.takeDropped();
    if (count > 0) this.#tell('log-dropped', 'warn', `${count} records were too many, and are not here.`, { count });
  }

  #tell(event: HostEventName, level: LogLevel, message: string, fields: LogFields): void {
    const enclave = this.#enclave;
    const told = Object.freeze({ event, level, enclave, mrEnclave: this.mrEnclave, message, fields });
    for (const instrument of this.#instruments) attempt(() => instrument.event?.(told));
    if (logLevels.indexOf(level) <= this.#most) this.#record(level, { event, ...this.#who(), ...fields }, message);
  }

  #who(): LogFields {
    const { mrEnclave } = this;
    return mrEnclave === undefined
      ? { enclave: this.#enclave }
      : { enclave: this.#enclave, mrEnclave: mrEnclave.slice(0, shortLength) };
  }

  #record(level: LogLevel, fields: LogFields, message: string): void {
    attempt(() => this.#logger?.[level === 'trace' ? 'debug' : level](fields, message));
  }
}

/** What the host knows of a connection: by the names of the manifest. */
export type ConnectionKind = Pick<Connection, 'stream' | 'kind' | 'transport'>;

/** One connection, as every instrumentation sees it. */
export interface WatchedConnection {
  end(bytesToEnclave: number, bytesFromEnclave: number): void;
}

/** Hex digits of MRENCLAVE in a log record. */
const shortLength = 16;

/** One operation, as every instrumentation sees it. */
export class WatchedOperation {
  argumentBytes = 0;
  resultBytes = 0;
  readonly observations: readonly (Observation | undefined)[];
  readonly #ended: (seen: WatchedOperation, code: OperationEnd['code']) => void;

  constructor(
    observations: readonly (Observation | undefined)[],
    ended: (seen: WatchedOperation, code: OperationEnd['code']) => void,
  ) {
    this.observations = observations;
    this.#ended = ended;
  }

  run<T>(work: () => T): T {
    return this.observations.reduce<() => T>((inner, observation) => {
      if (observation?.run === undefined) return inner;
      const { run } = observation;
      return () => run(inner);
    }, work)();
  }

  end(code: OperationEnd['code']): void {
    this.#ended(this, code);
  }
}

/** The code of an error; `otherwise` for errors that are not ours. */
export function codeOf(error: unknown, otherwise: ErrorCode): ErrorCode {
  return isEnclosError(error) && isErrorCode(error.code) ? error.code : otherwise;
}

/** An observer must not disturb what it observes. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
