import { EnclosError } from '@enclos/errors';
import type { PackedTensors } from './interface.ts';

/** One tensor of a run, by its index among the inputs or outputs of the model. */
export interface IndexedTensor {
  readonly index: number;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** The next multiple of 8, where every typed array may begin. */
const aligned = (offset: number): number => (offset + 7) & ~7;

/** Lays tensors out as one piece. A single tensor stays where it is; several are copied once. */
export function packTensors(tensors: readonly IndexedTensor[]): PackedTensors {
  const places = tensors.map(({ index, shape, data }) => ({ index, shape, sizeBytes: data.byteLength }));
  const [first] = tensors;
  if (first !== undefined && tensors.length === 1) return { places, data: first.data };
  let end = 0;
  for (const { data } of tensors) end = aligned(end) + data.byteLength;
  const all = new Uint8Array(end);
  let at = 0;
  for (const { data } of tensors) {
    at = aligned(at);
    all.set(data, at);
    at += data.byteLength;
  }
  return { places, data: all };
}

/**
 * The tensors of one piece, as views of it: nothing is copied.
 * @throws ENGINE_INVALID_ARGUMENT when the places do not fill the data exactly.
 */
export function unpackTensors({ places, data }: PackedTensors): readonly IndexedTensor[] {
  let at = 0;
  const tensors = places.map(({ index, shape, sizeBytes }) => {
    const start = aligned(at);
    at = start + sizeBytes;
    if (at > data.byteLength) refuse('The data ends before the last tensor does.');
    return { index, shape, data: data.subarray(start, at) };
  });
  if (at === data.byteLength) return tensors;
  return refuse('There are bytes after the last tensor.');
}

function refuse(message: string): never {
  throw new EnclosError('ENGINE_INVALID_ARGUMENT', message);
}
