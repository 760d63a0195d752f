import { giveBack } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import type { DuplexLike, Endpoint } from '@enclos/gate';
import { serveCalls } from '../protocol/channel.ts';
import { MAX_MODEL_BYTES } from '../protocol/interface.ts';
import { packTensors, unpackTensors } from '../protocol/packing.ts';
import { checkResults, checkSession } from './bounds.ts';
import type { Engine, Session } from './engine.ts';

/** A model that is still crossing. */
interface Arrival {
  readonly bytes: Uint8Array;
  readonly threads: number;
  filled: number;
}

/** Serves an engine to the enclave at the other end of the stream, until the stream ends. */
export function serveEngine(stream: DuplexLike, engine: Engine): Endpoint {
  const arrivals = new Map<number, Arrival>();
  const sessions = new Map<number, Session>();
  return serveCalls(stream, {
    begin({ model, sizeBytes, threads }) {
      if (arrivals.has(model) || sessions.has(model)) refuse('This number is already that of a model.');
      if (sizeBytes === 0 || sizeBytes > MAX_MODEL_BYTES) refuse(`A model has 1 to ${MAX_MODEL_BYTES} bytes.`);
      arrivals.set(model, { bytes: new Uint8Array(sizeBytes), threads, filled: 0 });
    },
    add({ model, data }) {
      const arrival = arrivals.get(model) ?? unknownModel();
      if (data.byteLength > arrival.bytes.byteLength - arrival.filled) refuse('More came than was announced.');
      arrival.bytes.set(data, arrival.filled);
      arrival.filled += data.byteLength;
    },
    finish({ model }) {
      const { bytes, filled, threads } = arrivals.get(model) ?? unknownModel();
      arrivals.delete(model);
      if (filled < bytes.byteLength) refuse('Less came than was announced.');
      const session = engine.load(bytes, { threads });
      // Known from here on, so that whatever is refused next is freed with `unload`.
      sessions.set(model, session);
      checkSession(session);
      return { inputs: session.inputs, outputs: session.outputs };
    },
    run({ model, places, data, outputs, maxOutputBytes }) {
      const session = sessions.get(model) ?? unknownModel();
      const results = session.run(unpackTensors({ places, data }), outputs);
      // The run is over, and its outputs have their own memory.
      giveBack(data);
      checkResults(results, maxOutputBytes);
      return packTensors(results);
    },
    unload({ model }) {
      arrivals.delete(model);
      sessions.get(model)?.dispose();
      sessions.delete(model);
    },
  });
}

function refuse(message: string): never {
  throw new EnclosError('ENGINE_INVALID_ARGUMENT', message);
}

function unknownModel(): never {
  throw new EnclosError('ENGINE_MODEL_UNKNOWN');
}
