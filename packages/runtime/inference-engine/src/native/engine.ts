import { EnclosError } from '@enclos/errors';
import { elementSize, maximumNameLength, type TensorFacts } from '@enclos/open-inference';
import type { Engine, LoadOptions, Session } from '../companion/engine.ts';
import type { IndexedTensor } from '../protocol/packing.ts';
import { type NativeFacts, type NativeSession, NativeTensor, type OnnxruntimeBinding } from './binding.ts';
import { datatypeOf, nameOf, toBytes, toElements } from '../companion/elements.ts';

/** Only fatal errors: a companion has no output, and lines about operators would say what the model is. */
const FATAL = 4;
/** What the engine says of a model that it refuses is for the model's owner. */
const MAX_REASON_LENGTH = 500;

/** The binding ends the process when it is initialised again. */
const initialised = new WeakSet<OnnxruntimeBinding>();

/**
 * ONNX Runtime in native code, through the binding of onnxruntime-node alone.
 *
 * @param binding what `onnxruntime_binding.node` exports.
 */
export function createNativeEngine(binding: OnnxruntimeBinding): Engine {
  if (!initialised.has(binding)) binding.initOrtOnce(FATAL, NativeTensor, true);
  initialised.add(binding);
  return {
    load(model, options) {
      const session = new binding.InferenceSession();
      try {
        session.loadModel(model.buffer, model.byteOffset, model.byteLength, sessionOptions(options));
      } catch (error) {
        throw modelRefused(error);
      }
      try {
        return createSession(session);
      } catch (error) {
        session.dispose();
        throw modelRefused(error);
      }
    },
  };
}

/** Arena and patterns keep memory of models that are unloaded (onnxruntime issue 25325). */
function sessionOptions({ threads }: LoadOptions): Parameters<NativeSession['loadModel']>[3] {
  return {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: FATAL,
  };
}

function createSession(session: NativeSession): Session {
  const inputs = session.inputMetadata.map(factsOf);
  const outputs = session.outputMetadata.map(factsOf);
  return {
    inputs,
    outputs,
    run(tensors, wanted) {
      const feeds = Object.fromEntries(tensors.map((tensor) => feedOf(factsAt(inputs, tensor.index), tensor)));
      const fetches = Object.fromEntries(wanted.map((index) => [factsAt(outputs, index).name, null]));
      const results = compute(session, feeds, fetches);
      return wanted.map((index) => resultOf(index, factsAt(outputs, index), results));
    },
    dispose: () => session.dispose(),
  };
}

function factsOf({ name, isTensor, type, shape }: NativeFacts): TensorFacts {
  const datatype = isTensor ? datatypeOf(type) : undefined;
  if (datatype === undefined) throw new TypeError('An input or output is not a tensor of a supported datatype.');
  if (name === '' || name.length > maximumNameLength) throw new TypeError('An input or output has a name too long.');
  return { name, datatype, shape: [...(shape ?? [])] };
}

function feedOf({ name, datatype }: TensorFacts, { shape, data }: IndexedTensor): [string, NativeTensor] {
  const size = elementSize(datatype);
  const count = shape.reduce((product, length) => product * length, 1);
  if (size !== 0 && data.byteLength !== count * size) inputRefused('An input has another size than its shape.');
  const elements = toElements(datatype, data);
  if (elements.length !== count) inputRefused('An input has another number of elements than its shape.');
  return [name, new NativeTensor(nameOf(datatype), elements, shape)];
}

function compute(session: NativeSession, ...[feeds, fetches]: [Feeds, Fetches]): Feeds {
  try {
    return session.run(feeds, fetches, {});
  } catch {
    // Its text may quote values of the inputs.
    throw new EnclosError('ENGINE_RUN_FAILED');
  }
}
type Feeds = Readonly<Record<string, NativeTensor>>;
type Fetches = Readonly<Record<string, null>>;

function resultOf(index: number, { name, datatype }: TensorFacts, results: Feeds): IndexedTensor {
  const { type, data, dims } = results[name] ?? runFailed();
  if (type !== nameOf(datatype)) runFailed();
  return { index, shape: dims, data: toBytes(data) };
}

function factsAt(facts: readonly TensorFacts[], index: number): TensorFacts {
  return facts[index] ?? inputRefused('The model has no input or output of this number.');
}

function modelRefused(error: unknown): EnclosError {
  const reason = error instanceof Error ? error.message : '';
  return new EnclosError('ENGINE_MODEL_REFUSED', `The engine says: ${reason.slice(0, MAX_REASON_LENGTH)}`);
}

function inputRefused(message: string): never {
  throw new EnclosError('ENGINE_INPUT_REFUSED', message);
}

function runFailed(): never {
  throw new EnclosError('ENGINE_RUN_FAILED', 'The engine gave something else than the model says.');
}
