import type { Caller, Functions, Handlers, Interface } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import type { LogLevelName } from './log-filter.ts';

/** What a trusted function gets besides its arguments. */
export interface CallContext<U extends Functions> {
  /** The host's untrusted functions, called as part of this call. Their results are untrusted. */
  readonly host: Caller<U>;
  /** Aborts when the caller cancels, its deadline passes, or the gate closes. */
  readonly signal: AbortSignal;
}

export interface StartContext<U extends Functions> {
  /** The host's untrusted functions, outside any call. */
  readonly host: Caller<U>;
}

export interface EnclaveOptions<U extends Functions> {
  /** Runs once, before the first call is served. A throw ends the enclave. */
  readonly start?: (context: StartContext<U>) => void | Promise<void>;
  /**
   * The most detailed level that this enclave ever writes to the host's log, whatever the host asks for: it is part of the
   * measurement. Default `info`, and `trace` in a debug enclave.
   */
  readonly maxLogLevel?: LogLevelName;
}

const brand = Symbol.for('enclos.application');

/** An application, as the runtime boots it. Made by {@link defineEnclave}. */
export interface EnclaveApplication {
  readonly [brand]: true;
  readonly interface: Interface;
  readonly handlers: Readonly<Record<string, (args: unknown, context: CallContext<Functions>) => unknown>>;
  readonly start: ((context: StartContext<Functions>) => void | Promise<void>) | undefined;
  readonly maxLogLevel: LogLevelName | undefined;
}

/**
 * Defines the trusted side of an interface. Export the result from the
 * enclave's main module; the build finds it there.
 * @example
 * ```ts
 * import { defineInterface, func, string } from '@enclos/edl';
 * import { defineEnclave } from '@enclos/enclave';
 *
 * const greeter = defineInterface({
 *   name: 'greeter',
 *   trusted: { greet: func({ name: string({ maxBytes: 64 }) }, string({ maxBytes: 128 })) },
 *   untrusted: {},
 * });
 *
 * export const application = defineEnclave(greeter, { greet: ({ name }) => `Hello, ${name}.` });
 * ```
 */
export function defineEnclave<T extends Functions, U extends Functions>(
  definition: Interface<T, U>,
  handlers: Handlers<T, CallContext<U>>,
  options: EnclaveOptions<U> = {},
): EnclaveApplication {
  // The runtime pairs each handler with its function by name, and the codec
  // checks every argument, so the precise types end here.
  const { start, maxLogLevel } = options;
  const erased = { interface: definition, handlers, start, maxLogLevel } as unknown as Omit<
    EnclaveApplication,
    typeof brand
  >;
  return Object.freeze({ ...erased, [brand]: true as const });
}

export function isEnclaveApplication(value: unknown): value is EnclaveApplication {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * An error whose message the caller may read, as are the errors of this SDK and of the gate (`SEAL_NOT_OPENED`,
 * `GATE_DEADLINE`, …). Every other error that a trusted function throws crosses as `ENCLAVE_CALL_FAILED` without its text,
 * because the text could quote a secret.
 */
export class ApplicationError extends EnclosError<'ENCLAVE_APPLICATION_ERROR'> {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super('ENCLAVE_APPLICATION_ERROR', message, options);
  }
}
