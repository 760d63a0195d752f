import type { ErrorCode } from '@enclos/errors';
import type { LogFields, LogLevel } from './logger.ts';

/** An operation of an enclave and its host, with a beginning and an end. It never contains a value. */
export interface Operation {
  /**
   * - `load`: measuring, verifying and starting the process, by the platform;
   * - `start`: the application's `start`;
   * - `trusted`: a call of a trusted function (ECALL), from the host's side;
   * - `untrusted`: an untrusted function that the enclave calls (OCALL).
   */
  readonly kind: 'load' | 'start' | 'trusted' | 'untrusted';
  /** Name in the manifest. */
  readonly enclave: string;
  /** Hex; undefined before the platform has measured. */
  readonly mrEnclave: string | undefined;
  /** The function's name in the interface; empty for `load` and `start`. */
  readonly function: string;
  /** The observation that this instrumentation made for the enclosing call. */
  readonly parent: Observation | undefined;
}

export interface OperationEnd {
  readonly code: ErrorCode | 'OK';
  /** Bytes of the encoded arguments, towards the function. */
  readonly argumentBytes: number;
  /** Bytes of the encoded result. 0 when there is none. */
  readonly resultBytes: number;
  /** Hex, once it is known. */
  readonly mrEnclave: string | undefined;
}

/** One operation under observation. */
export interface Observation {
  /** Runs an untrusted function, so that its work can be attributed to this operation. Must call `work` once. */
  readonly run?: <T>(work: () => T) => T;
  end(end: OperationEnd): void;
}

export type HostEventName =
  | 'loaded'
  | 'started'
  | 'load-failed'
  | 'call-failed'
  | 'log-dropped'
  | 'lost'
  | 'disposed'
  | 'restarting'
  | 'restarted'
  | 'supervision-ended';

/** An event in the life of an enclave, as its host saw it. */
export interface HostEvent {
  readonly event: HostEventName;
  readonly level: LogLevel;
  readonly enclave: string;
  /** Hex; undefined before the platform has measured. */
  readonly mrEnclave: string | undefined;
  readonly message: string;
  readonly fields: LogFields;
}

/**
 * An observer of an enclave. Give it to `loadEnclave`: an enclave without observers runs none of this. Errors that an
 * instrumentation throws are dropped.
 */
export interface Instrumentation {
  begin?(operation: Operation): Observation | undefined;
  event?(event: HostEvent): void;
}
