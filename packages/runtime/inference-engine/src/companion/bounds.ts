import { EnclosError } from '@enclos/errors';
import type { TensorFacts } from '@enclos/open-inference';
import { MAX_DIMENSION, MAX_DIMENSIONS, MAX_TENSORS } from '../protocol/interface.ts';
import type { IndexedTensor } from '../protocol/packing.ts';
import type { Session } from './engine.ts';

/**
 * What ONNX allows and the protocol does not carry is refused here, by a name that the enclave knows.
 * @throws ENGINE_MODEL_REFUSED
 */
export function checkSession({ inputs, outputs }: Session): void {
  if (inputs.length > MAX_TENSORS || outputs.length > MAX_TENSORS) {
    modelRefused(`The model has more than ${MAX_TENSORS} inputs or outputs.`);
  }
  for (const { shape } of [...inputs, ...outputs] satisfies readonly TensorFacts[]) {
    if (shape.length > MAX_DIMENSIONS) {
      modelRefused(`An input or output of the model has more than ${MAX_DIMENSIONS} dimensions.`);
    }
    if (shape.some((size) => size > MAX_DIMENSION)) {
      modelRefused(`An input or output of the model has a dimension above ${MAX_DIMENSION}.`);
    }
  }
}

/** @throws ENGINE_LIMIT_EXCEEDED for outputs that do not cross */
export function checkResults(results: readonly IndexedTensor[], maxBytes: number): void {
  let sizeBytes = 0;
  for (const { shape, data } of results) {
    sizeBytes += data.byteLength;
    const isTooWide = shape.length > MAX_DIMENSIONS || shape.some((size) => size > MAX_DIMENSION);
    if (isTooWide) throw new EnclosError('ENGINE_LIMIT_EXCEEDED', 'An output has too many or too large dimensions.');
  }
  if (sizeBytes > maxBytes) throw new EnclosError('ENGINE_LIMIT_EXCEEDED');
}

function modelRefused(message: string): never {
  throw new EnclosError('ENGINE_MODEL_REFUSED', message);
}
