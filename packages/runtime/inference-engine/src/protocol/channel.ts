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
import { createEndpoint, type DuplexLike, type Endpoint, gateAnswerErrors, streamTransport } from '@enclos/gate';
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
  const endpoint = createEndpoint({
    ...shared,
    transport: streamTransport(stream, giveBack),
    initiator: false,
    // A run blocks this process: its answer must not wait for the run that arrived with it.
    answersAtOnce: true,
    remoteErrors: [],
    maxPayloadBytes: (table, index) => (table === 0 ? (maxBytes[index] ?? 0) : 0),
    dispatch: ({ table, index, payload }) => dispatch(table === 0 ? index : -1, payload, undefined),
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
