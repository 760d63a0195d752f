import type { ErrorCode } from '@enclos/errors';
import type { LogFields, LogLevel } from './logger.ts';

/** Something with a beginning and an end that an enclave and its host do. No value is ever part of it. */
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
  /** Of the interface; empty for `load` and `start`. */
  readonly function: string;
  /** What this instrumentation made for the call that this one is nested in. */
  readonly parent: Observation | undefined;
}

export interface OperationEnd {
  readonly code: ErrorCode | 'OK';
  /** Of encoded arguments, towards the function. */
  readonly argumentBytes: number;
  /** Of the encoded result. 0 when there is none. */
  readonly resultBytes: number;
  /** Hex, once it is known. */
  readonly mrEnclave: string | undefined;
}

/** One operation under observation. */
export interface Observation {
  /** Runs an untrusted function, so that what it does can be told to belong to this operation. Must call `work` once. */
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

/** Something that happened to an enclave, as its host saw it. */
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
 * What observes an enclave. Give it to `loadEnclave`: an enclave without any
 * runs none of this. What an instrumentation throws is dropped.
 */
export interface Instrumentation {
  begin?(operation: Operation): Observation | undefined;
  event?(event: HostEvent): void;
}
