import type { Duplex } from 'node:stream';
import { equalBytes, utf8 } from '@enclos/codec';
import {
  createCaller,
  createDispatcher,
  maxArgumentBytes,
  type Caller,
  type Functions,
  type Handlers,
  type Interface,
} from '@enclos/edl';
import { EnclosError, isEnclosError, type ErrorCode } from '@enclos/errors';
import { createEndpoint, gateAnswerErrors, patientLimits, streamTransport, type GateLimits } from '@enclos/gate';

/** How calls between an enclave and a companion are carried. Both sides use the same frames. */
export interface CompanionCallOptions {
  /** The largest message, 4 KiB to 1 GiB. Default: 256 MiB. */
  readonly maxFrameBytes?: number | undefined;
  /** Codes that the other side may raise here besides those of calls themselves. Others arrive as GATE_REMOTE_ERROR. */
  readonly errors?: readonly ErrorCode[] | undefined;
}

/** The functions of a companion process, and its end. */
export interface CompanionCalls<T extends Functions> {
  /**
   * Each rejects with COMPANION_LOST when the process ends, with what the companion throws, and with GATE_CANCELLED or GATE_DEADLINE. A
   * process that runs native code notices neither: end it, if it must stop.
   */
  readonly call: Caller<T>;
  /** Resolves when the process has greeted; rejects with COMPANION_LOST or COMPANION_INTERFACE_MISMATCH. */
  readonly ready: Promise<void>;
  /** Resolves when the channel has ended; never rejects. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** One process does one thing after the other; what waits takes memory. */
const limits: GateLimits = {
  ...patientLimits,
  maxFrameBytes: 256 * 1024 * 1024,
  maxConcurrentCalls: 64,
  maxQueuedCalls: 1024,
  maxPendingCalls: 1024,
  maxDepth: 2,
  helloTimeoutMs: 60_000,
};

const callErrors: readonly ErrorCode[] = [
  ...gateAnswerErrors,
  'EDL_VALUE_REFUSED',
  'EDL_UNKNOWN_FUNCTION',
  'COMPANION_CALL_FAILED',
];

/**
 * Calls the functions of an interface in a companion process, over its channel or over any other byte stream: an engine can so be tested
 * as an ordinary child process.
 * @param process its channel is not used for anything else
 * @example
 * ```ts
 * import { defineInterface, func, string } from '@enclos/edl';
 * import { callCompanion, openCompanions } from '@enclos/enclave/companions';
 *
 * const engine = defineInterface({
 *   name: 'engine',
 *   trusted: { describe: func({}, string({ maxBytes: 64 })) },
 *   untrusted: {},
 * });
 *
 * openCompanions('engine', {
 *   started: async (process) => console.log(await callCompanion(process, engine).call.describe()),
 *   ended: (process) => console.log('process', process.number, 'has ended'),
 * });
 * ```
 */
export function callCompanion<T extends Functions, U extends Functions>(
  { stream }: { readonly stream: Duplex },
  definition: Interface<T, U>,
  options: CompanionCallOptions = {},
): CompanionCalls<T> {
  const endpoint = open(stream, definition, options, {
    initiator: true,
    maxPayloadBytes: () => 0,
    dispatch: () => Promise.reject(new EnclosError('EDL_UNKNOWN_FUNCTION')),
  });
  const call = createCaller(definition.trusted, ({ index, payload, options: how, maxResultBytes }) =>
    endpoint.invoke(0, index, payload, { ...how, maxResultBytes }),
  );
  return Object.freeze({
    call,
    ready: endpoint.ready,
    closed: endpoint.closed.then(() => undefined),
    close: () => endpoint.close(),
  });
}

/**
 * Serves the trusted functions of an interface in a companion. The enclave gets the text of every error that a handler throws, with its
 * code if that is a registered one: a companion has nothing to hide from its enclave.
 * @returns a promise that resolves when the channel has ended, and never rejects
 */
export function serveCompanion<T extends Functions, U extends Functions>(
  channel: Duplex,
  definition: Interface<T, U>,
  handlers: Handlers<T>,
  options: CompanionCallOptions = {},
): Promise<void> {
  const serve = createDispatcher(definition.trusted, handlers);
  const mostBytes = maxArgumentBytes(definition.trusted);
  const endpoint = open(channel, definition, options, {
    initiator: false,
    maxPayloadBytes: (table, index) => (table === 0 ? (mostBytes[index] ?? 0) : 0),
    dispatch({ table, index, payload }) {
      if (table !== 0) throw new EnclosError('EDL_UNKNOWN_FUNCTION');
      return serve(index, payload, undefined);
    },
  });
  return endpoint.closed.then(() => undefined);
}

type Side = Pick<Parameters<typeof createEndpoint>[0], 'initiator' | 'maxPayloadBytes' | 'dispatch'>;

function open(
  stream: Duplex,
  definition: Interface,
  { maxFrameBytes = limits.maxFrameBytes, errors = [] }: CompanionCallOptions,
  side: Side,
): ReturnType<typeof createEndpoint> {
  const hello = utf8(definition.describe());
  return createEndpoint({
    ...side,
    transport: streamTransport(stream),
    hello,
    acceptHello(theirs) {
      if (!equalBytes(theirs, hello)) throw new EnclosError('COMPANION_INTERFACE_MISMATCH');
    },
    limits: { ...limits, maxFrameBytes },
    remoteErrors: [...callErrors, ...errors],
    describeError,
    lostError: (cause) => new EnclosError('COMPANION_LOST', undefined, { cause }),
  });
}

function describeError(error: unknown): { readonly code: string; readonly message: string } {
  if (isEnclosError(error)) return { code: error.code, message: error.message };
  return { code: 'COMPANION_CALL_FAILED', message: error instanceof Error ? error.message : String(error) };
}
