import { equalBytes, utf8 } from '@enclos/codec';
import {
  type Caller,
  createCaller,
  createDispatcher,
  giveBack,
  type Handlers,
  maxArgumentBytes,
  memoryFor,
} from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  createEndpoint,
  type DuplexLike,
  type Endpoint,
  gateAnswerErrors,
  LARGE_PAYLOAD_BYTES,
  streamTransport,
} from '@enclos/gate';
import { engineInterface, engineLimits } from './interface.ts';

type Functions = typeof engineInterface.trusted;

const hello = utf8(engineInterface.describe());
const maxBytes = maxArgumentBytes(engineInterface.trusted);

/** Both sides greet each other with the whole interface, so an engine of another version is not used. */
function acceptHello(theirs: Uint8Array): void {
  if (!equalBytes(theirs, hello)) throw new EnclosError('GATE_HELLO_REFUSED', 'The engine speaks another protocol.');
}

const shared = { hello, acceptHello, limits: engineLimits, memoryFor };

/** Serves calls of an enclave over its stream, in the engine's process. */
export function serveCalls(stream: DuplexLike, handlers: Handlers<Functions>): Endpoint {
  const dispatch = createDispatcher(engineInterface.trusted, handlers);
  const run = oneInATurn((index, payload) => dispatch(index, payload, undefined));
  const endpoint = createEndpoint({
    ...shared,
    transport: streamTransport(stream, giveBack),
    initiator: false,
    remoteErrors: [],
    maxPayloadBytes: (table, index) => (table === 0 ? (maxBytes[index] ?? 0) : 0),
    dispatch: ({ table, index, payload }) => run(table === 0 ? index : -1, payload),
    describeError(error) {
      if (isEnclosError(error)) return { code: error.code, message: error.message };
      // An engine that trapped is in an unknown state. The enclave loses it, and gets the next one.
      queueMicrotask(() => void endpoint.close(new EnclosError('ENGINE_LOST', undefined, { cause: error })));
      return { code: 'ENGINE_LOST', message: 'The engine failed.' };
    },
    lostError: (cause) => new EnclosError('ENGINE_LOST', undefined, { cause }),
  });
  return endpoint;
}

type Run = (index: number, payload: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/**
 * Runs each call in its own turn. A run blocks this process, and answers leave at the end of the turn: that to the first of two calls which
 * arrive together would wait for the second run.
 */
function oneInATurn(dispatch: Run): Run {
  let hasRun = false;
  const run: Run = (index, payload) => {
    hasRun = true;
    setImmediate(() => (hasRun = false));
    return dispatch(index, payload);
  };
  return (index, payload) => {
    if (!hasRun) return run(index, payload);
    // Fewer bytes are lent until this returns.
    const kept = payload.length < LARGE_PAYLOAD_BYTES ? payload.slice() : payload;
    return new Promise((resolve) => setImmediate(() => resolve(run(index, kept))));
  };
}

/** The functions of an engine, called by the enclave over the stream to its process. */
export interface EngineCalls {
  readonly endpoint: Endpoint;
  readonly calls: Caller<Functions>;
}

/** Opens the enclave's side. An engine that breaks the protocol loses its stream, and calls reject with ENGINE_LOST. */
export function openCalls(stream: DuplexLike, maxResultBytes: () => number): EngineCalls {
  const endpoint = createEndpoint({
    ...shared,
    transport: streamTransport(stream, giveBack),
    initiator: true,
    remoteErrors: [
      ...gateAnswerErrors,
      'ENGINE_INVALID_ARGUMENT',
      'ENGINE_INPUT_REFUSED',
      'ENGINE_LIMIT_EXCEEDED',
      'ENGINE_MODEL_REFUSED',
      'ENGINE_MODEL_UNKNOWN',
      'ENGINE_RUN_FAILED',
    ],
    maxPayloadBytes: () => 0,
    dispatch: () => {
      throw new EnclosError('EDL_UNKNOWN_FUNCTION', 'An enclave serves no calls of an engine.');
    },
    describeError: () => ({ code: 'EDL_UNKNOWN_FUNCTION', message: 'An enclave serves no calls of an engine.' }),
    lostError: (cause) => new EnclosError('ENGINE_LOST', undefined, { cause }),
  });
  const calls = createCaller(engineInterface.trusted, ({ index, payload, maxResultBytes: largest }) =>
    endpoint.invoke(0, index, payload, { maxResultBytes: Math.min(largest, maxResultBytes()) }),
  );
  return { endpoint, calls };
}
