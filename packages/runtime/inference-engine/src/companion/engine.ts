import type { TensorFacts } from '@enclos/open-inference';
import type { IndexedTensor } from '../protocol/packing.ts';

/** What computes models: ONNX Runtime in native code or in WebAssembly. It blocks its process while it computes. */
export interface Engine {
  /**
   * Loads a model from memory. The bytes are not used afterwards.
   * @throws ENGINE_MODEL_REFUSED
   */
  load(model: Uint8Array, options: LoadOptions): Session;
}

export interface LoadOptions {
  /** Threads that compute one run. */
  readonly threads: number;
}

/** A loaded model. */
export interface Session {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  /**
   * Computes the outputs with these indexes.
   * @throws ENGINE_INPUT_REFUSED or ENGINE_RUN_FAILED
   */
  run(inputs: readonly IndexedTensor[], outputs: readonly number[]): readonly IndexedTensor[];
  /** Frees its memory. */
  dispose(): void;
}
