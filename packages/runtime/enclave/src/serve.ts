import type { Duplex } from 'node:stream';
import { equalBytes } from '@enclos/codec';
import {
  createCaller,
  createDispatcher,
  giveBack,
  isThenable,
  MAX_STREAMS,
  maxArgumentBytes,
  systemInterface,
  type Caller,
  type Functions,
} from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  createEndpoint,
  patientLimits,
  streamTransport,
  type Endpoint,
  type Frame,
  type IncomingCall,
} from '@enclos/gate';
import type { EnclaveManifest } from '@enclos/manifest';
import { decodeGateHello, encodeGateHello, errorsFromHost, GateTable } from '@enclos/tee';
import type { CallContext, EnclaveApplication } from './application.ts';
import type { LogLevelName } from './log-filter.ts';
import type { HostSystem } from './runtime.ts';

export interface ServeOptions {
  readonly gate: Duplex;
  readonly manifest: EnclaveManifest;
  readonly application: EnclaveApplication;
  /** Called once, by the host's `start`. When it throws, the gate closes after the answer. */
  start(request: StartRequest): Promise<void>;
  /** Frames of streams. */
  readonly onStream: (frame: Frame) => void;
}

/** The request to start. The host chooses all of it, so it is untrusted. */
export interface StartRequest {
  readonly hostEnvironment: readonly { readonly name: string; readonly value: string }[];
  readonly logLevel?: LogLevelName | undefined;
}

const helloTimeoutMs = 30_000;

/** Opens the enclave's side of the call gate. Nothing is served before `start` has run. */
export function serveGate(options: ServeOptions): Endpoint {
  const { application, manifest } = options;
  const calls = createDispatcher<Functions, CallContext<Functions>>(
    application.interface.trusted,
    guarded(application.handlers, manifest.debug),
  );
  let state: 'waiting' | 'starting' | 'started' = 'waiting';
  const system = createDispatcher(systemInterface.trusted, {
    async start(request: StartRequest) {
      if (state !== 'waiting') throw new EnclosError('GATE_PROTOCOL_VIOLATION', 'The enclave was started already.');
      state = 'starting';
      try {
        await options.start(request);
        state = 'started';
      } catch (error) {
        // After the answer, which is sent in the microtasks that follow.
        setImmediate(() => void endpoint.close());
        throw startError(error, manifest.debug);
      }
    },
  });
  const maxBytes = {
    application: maxArgumentBytes(application.interface.trusted),
    system: maxArgumentBytes(systemInterface.trusted),
  };
  const endpoint = createEndpoint({
    transport: streamTransport(options.gate, giveBack),
    initiator: false,
    hello: encodeGateHello({ name: manifest.name, interfaceDigest: manifest.interfaceDigest }),
    acceptHello: (theirs) => checkHello(theirs, manifest),
    limits: {
      ...manifest.limits,
      // Waiting for a stream may take any time, and must not take the application's slots.
      maxPendingSystemCalls: manifest.limits.maxPendingCalls + MAX_STREAMS,
      maxConcurrentCalls: manifest.threads,
      helloTimeoutMs,
      // Timers keep running while a debugger pauses this enclave.
      ...(manifest.debug ? patientLimits : {}),
    },
    remoteErrors: errorsFromHost,
    maxPayloadBytes: (table, index) =>
      (table === GateTable.system ? maxBytes.system : maxBytes.application)[index] ?? 0,
    dispatch(call) {
      if (call.table === GateTable.system) return system(call.index, call.payload, undefined);
      if (state !== 'started') throw new EnclosError('GATE_PROTOCOL_VIOLATION', 'The enclave is not started yet.');
      return calls(call.index, call.payload, new HandlerContext(call, application.interface.untrusted));
    },
    describeError: (error) => describeError(error, manifest.debug),
    lostError: (cause) => new EnclosError('ENCLAVE_HOST_LOST', undefined, { cause }),
    onStream: options.onStream,
  });
  return endpoint;
}

function checkHello(payload: Uint8Array, manifest: EnclaveManifest): void {
  const theirs = decodeGateHello(payload);
  if (!equalBytes(theirs.interfaceDigest, manifest.interfaceDigest)) throw new EnclosError('HOST_INTERFACE_MISMATCH');
}

/**
 * Caller and signal are made on first use: most functions neither call back nor look at the signal. This is a class because V8
 * makes a new hidden class for each object literal with getters.
 */
class HandlerContext implements CallContext<Functions> {
  readonly #call: IncomingCall;
  readonly #untrusted: Functions;
  #host: Caller<Functions> | undefined;

  constructor(call: IncomingCall, untrusted: Functions) {
    this.#call = call;
    this.#untrusted = untrusted;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get host(): Caller<Functions> {
    this.#host ??= hostCaller(this.#call, this.#untrusted);
    return this.#host;
  }
}

const { signal, host } = Object.getOwnPropertyDescriptors(HandlerContext.prototype);
const members = { signal: { ...signal, enumerable: true }, host: { ...host, enumerable: true } };

/** The host's functions, as part of a call or, through the endpoint, outside any. */
export function hostCaller(through: Pick<Endpoint, 'invoke'>, untrusted: Functions): Caller<Functions> {
  return createCaller(untrusted, ({ index, payload, options, maxResultBytes }) =>
    through.invoke(GateTable.application, index, payload, { ...options, maxResultBytes }),
  );
}

/** The host's system functions, outside any call. */
export function hostSystem(endpoint: Endpoint): HostSystem {
  return createCaller(systemInterface.untrusted, ({ index, payload, options, maxResultBytes }) =>
    endpoint.invoke(GateTable.system, index, payload, { ...options, maxResultBytes }),
  );
}

type Handlers = EnclaveApplication['handlers'];

/**
 * Only errors that are meant for the caller cross the gate. A codec error from inside a handler is not: about decrypted data it
 * would be an oracle. The codec's errors about the call's own arguments do not pass through here.
 */
function guarded(handlers: Handlers, debug: boolean): Handlers {
  const guard = (handler: Handlers[string]): Handlers[string] => {
    const refuse = (error: unknown): never => {
      if (isEnclosError(error) && mayCross(error)) throw error;
      throw new EnclosError('ENCLAVE_CALL_FAILED', textOf(error, debug), { cause: error });
    };
    // Only a handler that takes its context gets one that it can destructure: making it is half of the cost of a call.
    const takesContext = handler.length > 1;
    return (args, context) => {
      try {
        if (takesContext) Object.defineProperties(context, members);
        const result = Reflect.apply(handler, handlers, [args, context]);
        return isThenable(result) ? Promise.resolve(result).catch(refuse) : result;
      } catch (error) {
        return refuse(error);
      }
    };
  };
  return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, guard(handler)]));
}

function mayCross(error: EnclosError): boolean {
  return /^(?:ENCLAVE|SEAL|REPORT|GATE|HOST|STREAM)_/.test(error.code);
}

/**
 * The part of a failure that the host may read. The text of an unknown error could quote a secret, so only a debug enclave
 * reveals it.
 */
function describeError(error: unknown, debug: boolean): { code: string; message: string } {
  if (isEnclosError(error)) return { code: error.code, message: error.message };
  return { code: 'ENCLAVE_CALL_FAILED', message: textOf(error, debug) ?? 'The trusted function failed.' };
}

function startError(error: unknown, debug: boolean): EnclosError {
  if (isEnclosError(error)) return error;
  return new EnclosError('ENCLAVE_START_FAILED', textOf(error, debug) ?? "The application's start() failed.");
}

function textOf(error: unknown, debug: boolean): string | undefined {
  return debug && error instanceof Error ? (error.stack ?? error.message) : undefined;
}
