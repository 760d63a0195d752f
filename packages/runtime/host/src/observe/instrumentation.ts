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

/** A connection of an enclave with the world outside. Never an address, and nothing of what crosses it. */
export interface Connection {
  /** Name in the manifest. */
  readonly enclave: string;
  /** Hex; undefined before the platform has measured. */
  readonly mrEnclave: string | undefined;
  /** The name of the listener or of the destination in the manifest. */
  readonly stream: string;
  /** `accepted` by a listener, or `connected` to a destination. */
  readonly kind: 'accepted' | 'connected';
  /** `relayed`: its bytes cross this host. `passed`: the enclave has the socket. */
  readonly transport: 'relayed' | 'passed';
}

/** How many bytes crossed a connection. The host counts them when it relays; otherwise they are what the enclave told, or 0. */
export interface ConnectionEnd {
  readonly bytesToEnclave: number;
  readonly bytesFromEnclave: number;
}

/** One connection under observation. */
export interface ConnectionObservation {
  end(end: ConnectionEnd): void;
}

/** A change of the connections that an enclave has not taken. */
export interface BacklogChange {
  readonly enclave: string;
  /** Its name in the manifest. */
  readonly listener: string;
  /** By how many more connections wait at the host: 1, -1 or 0. */
  readonly waiting: number;
  /** How many were closed, because too many wait or because the system could not accept or pass them. */
  readonly dropped: number;
}

export type HostEventName =
  | 'loaded'
  | 'accepting'
  | 'started'
  | 'load-failed'
  | 'call-failed'
  | 'connect-failed'
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
  /** An enclave got a connection: one of its listeners, or one that it asked for. */
  connection?(connection: Connection): ConnectionObservation | undefined;
  backlog?(change: BacklogChange): void;
}
