import { utf8 } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { elementSize, maximumNameLength, type TensorFacts } from '@enclos/open-inference';
import { datatypeOf, fromStrings, numberOf, toStrings } from '../companion/elements.ts';
import type { Engine, Session } from '../companion/engine.ts';
import type { IndexedTensor } from '../protocol/packing.ts';
import { type EngineModule, startModule } from './module.ts';

/** Only fatal errors, as with the native engine. */
const FATAL = 4;
/** All optimisations of graphs (GraphOptimizationLevel in onnxruntime_c_api.h). */
const ALL_OPTIMISATIONS = 99;
/** `DATA_LOCATION_CPU` of onnxruntime/wasm/api.h. */
const CPU = 1;
const POINTER_BYTES = 4;
const MAX_REASON_LENGTH = 500;

export interface WasmEngineOptions {
  /** How much memory the engine and its models may take. Default and most: 4 GiB. */
  readonly maxMemoryBytes?: number;
}

/**
 * ONNX Runtime in WebAssembly, with one thread: slower than native code, and a smaller base to trust, since a model that takes the engine
 * over has no more than the memory of the module.
 *
 * @param code `ort-wasm-simd-threaded.wasm` of onnxruntime-web 1.27.0.
 */
export function createWasmEngine(
  code: Uint8Array<ArrayBuffer>,
  { maxMemoryBytes = 2 ** 32 }: WasmEngineOptions = {},
): Engine {
  const module = startModule(code, maxMemoryBytes);
  if (module.runtime.ort.init(1, FATAL) !== 0) throw new TypeError(lastError(module));
  return {
    load(model) {
      const { ort } = module.runtime;
      const handle = withAllocations(module, (allocate) => {
        const options = ort.createSessionOptions(ALL_OPTIMISATIONS, 0, 0, 0, 0, 0, 0, FATAL, 0, 0);
        const session = ort.createSession(allocate(model), model.byteLength, options);
        ort.releaseSessionOptions(options);
        return session;
      });
      if (handle === 0) throw modelRefused(lastError(module));
      try {
        return new WasmSession(module, handle);
      } catch (error) {
        ort.releaseSession(handle);
        throw isEnclosError(error, 'CODEC_INVALID') ? modelRefused('a name is not UTF-8.') : error;
      }
    },
  };
}

/** Copies bytes into the module. */
type Allocate = (bytes: Uint8Array) => number;

/** Everything that was allocated is freed at the end. */
function withAllocations<T>({ memory, runtime }: EngineModule, work: (allocate: Allocate) => T): T {
  const addresses: number[] = [];
  try {
    return work((bytes) => {
      const address = runtime.allocate(Math.max(1, bytes.byteLength));
      if (address === 0) throw new EnclosError('ENGINE_RUN_FAILED', 'The engine has no memory left.');
      addresses.push(address);
      memory.bytes.set(bytes, address);
      return address;
    });
  } finally {
    for (const address of addresses) runtime.free(address);
  }
}

const zeros = (count: number): Uint8Array => new Uint8Array(POINTER_BYTES * count);
const words = (values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

class WasmSession implements Session {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  readonly #module: EngineModule;
  readonly #handle: number;
  /** The addresses of the names, inputs first. */
  readonly #names: number[] = [];

  constructor(module: EngineModule, handle: number) {
    this.#module = module;
    this.#handle = handle;
    const [inputs, outputs] = this.#counts();
    const facts = Array.from({ length: inputs + outputs }, (_unused, index) => this.#facts(index));
    this.inputs = facts.slice(0, inputs);
    this.outputs = facts.slice(inputs);
  }

  run(tensors: readonly IndexedTensor[], wanted: readonly number[]): readonly IndexedTensor[] {
    const { memory, runtime } = this.#module;
    const { ort } = runtime;
    const handles: number[] = [];
    try {
      return withAllocations(this.#module, (allocate) => {
        for (const tensor of tensors) handles.push(this.#tensor(tensor, allocate));
        const results = allocate(zeros(wanted.length));
        const code = ort.run(
          this.#handle,
          allocate(words(tensors.map(({ index }) => this.#names[index] ?? 0))),
          allocate(words(handles)),
          tensors.length,
          allocate(words(wanted.map((index) => this.#names[this.inputs.length + index] ?? 0))),
          wanted.length,
          results,
          0,
        );
        // Its text may quote values of the inputs.
        if (code !== 0) throw new EnclosError('ENGINE_RUN_FAILED');
        const made = wanted.map((_index, at) => memory.uint32(results + POINTER_BYTES * at));
        handles.push(...made);
        return made.map((handle, at) => this.#output(handle, wanted[at] ?? 0, allocate));
      });
    } finally {
      for (const handle of handles) ort.releaseTensor(handle);
    }
  }

  dispose(): void {
    const { ort } = this.#module.runtime;
    for (const name of this.#names) ort.free(name);
    ort.releaseSession(this.#handle);
  }

  #counts(): readonly [inputs: number, outputs: number] {
    const { memory, runtime } = this.#module;
    return withAllocations(this.#module, (allocate) => {
      const at = allocate(zeros(2));
      if (runtime.ort.count(this.#handle, at, at + POINTER_BYTES) !== 0) throw modelRefused(lastError(this.#module));
      return [memory.uint32(at), memory.uint32(at + POINTER_BYTES)];
    });
  }

  #facts(index: number): TensorFacts {
    const { memory, runtime } = this.#module;
    const { ort } = runtime;
    return withAllocations(this.#module, (allocate) => {
      const at = allocate(zeros(2));
      if (ort.metadata(this.#handle, index, at, at + POINTER_BYTES) !== 0) throw modelRefused(lastError(this.#module));
      const name = memory.uint32(at);
      this.#names.push(name);
      const metadata = memory.uint32(at + POINTER_BYTES);
      // The element type, the number of dimensions, the names of the variable ones, and the sizes.
      const datatype = datatypeOf(memory.uint32(metadata));
      const rank = datatype === undefined ? 0 : memory.uint32(metadata + 4);
      const shape = Array.from({ length: rank }, (_unused, axis) => {
        const isVariable = memory.uint32(metadata + 8 + POINTER_BYTES * axis) !== 0;
        return isVariable ? -1 : memory.int32(metadata + 8 + POINTER_BYTES * (rank + axis));
      });
      ort.free(metadata);
      if (datatype === undefined) throw modelRefused('an input or output is not a tensor of a supported datatype.');
      const text = memory.text(name);
      if (text === '' || text.length > maximumNameLength) throw modelRefused('an input or output has a name too long.');
      return { name: text, datatype, shape };
    });
  }

  #tensor({ index, shape, data }: IndexedTensor, allocate: Allocate): number {
    const facts = this.inputs[index];
    const count = shape.reduce((product, size) => product * size, 1);
    if (facts === undefined) throw new EnclosError('ENGINE_INPUT_REFUSED', 'The model has no input of this number.');
    const { datatype } = facts;
    let bytes = data;
    if (datatype === 'BYTES') {
      const texts = toStrings(data);
      if (texts.length !== count) throw sizeRefused();
      bytes = words(texts.map((text) => allocate(utf8(`${text}\0`))));
    } else if (data.byteLength !== count * elementSize(datatype)) throw sizeRefused();
    const made = this.#module.runtime.ort.createTensor(
      numberOf(datatype),
      allocate(bytes),
      bytes.byteLength,
      allocate(words(shape)),
      shape.length,
      CPU,
    );
    if (made === 0) throw new EnclosError('ENGINE_RUN_FAILED');
    return made;
  }

  /** A copy of an output: the memory of the module is used again. */
  #output(handle: number, index: number, allocate: Allocate): IndexedTensor {
    const { memory, runtime } = this.#module;
    const facts = this.outputs[index];
    const at = allocate(zeros(4));
    const failed = runtime.ort.tensorData(handle, ...[0, 1, 2, 3].map((field) => at + POINTER_BYTES * field));
    const [type, data, dims, rank] = [0, 1, 2, 3].map((field) => memory.uint32(at + POINTER_BYTES * field));
    if (failed !== 0 || data === undefined || dims === undefined) throw new EnclosError('ENGINE_RUN_FAILED');
    const shape = Array.from({ length: rank ?? 0 }, (_unused, axis) => memory.uint32(dims + POINTER_BYTES * axis));
    runtime.ort.free(dims);
    if (facts === undefined || type !== numberOf(facts.datatype)) throw new EnclosError('ENGINE_RUN_FAILED');
    const count = shape.reduce((product, size) => product * size, 1);
    if (facts.datatype !== 'BYTES') {
      return { index, shape, data: memory.bytes.slice(data, data + count * elementSize(facts.datatype)) };
    }
    // The strings follow each other, and a zero byte ends the last.
    const starts = Array.from({ length: count }, (_unused, each) => memory.uint32(data + POINTER_BYTES * each));
    const texts = starts.map((start, each) => memory.looseText(start, starts[each + 1]));
    return { index, shape, data: fromStrings(texts) };
  }
}

function lastError(module: EngineModule): string {
  const { memory, runtime } = module;
  return withAllocations(module, (allocate) => {
    const at = allocate(zeros(2));
    runtime.ort.lastError(at, at + POINTER_BYTES);
    const message = memory.uint32(at + POINTER_BYTES);
    return message === 0 ? '' : printable(memory, message);
  });
}

/** A reason that quotes bytes of the model may be anything. */
function printable(memory: EngineModule['memory'], address: number): string {
  try {
    return memory.text(address);
  } catch {
    return 'a reason that is not text.';
  }
}

function modelRefused(reason: string): EnclosError {
  return new EnclosError('ENGINE_MODEL_REFUSED', `The engine says: ${reason.slice(0, MAX_REASON_LENGTH)}`);
}

function sizeRefused(): EnclosError {
  return new EnclosError('ENGINE_INPUT_REFUSED', 'An input has another size than its shape.');
}
