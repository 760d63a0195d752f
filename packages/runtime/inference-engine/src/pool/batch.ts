import type { TensorFacts } from '@enclos/open-inference';
import type { IndexedTensor } from '../protocol/packing.ts';

/** Runs that may be computed as one: the same outputs, and inputs that differ in their first dimension only. */
export interface BatchPart {
  readonly inputs: readonly IndexedTensor[];
  readonly outputs: readonly number[];
}

/**
 * Whether runs of a model can be joined along the first dimension: it is variable in each input and output, and elements have a
 * fixed size, so that rows are ranges of bytes.
 */
export function canBatch({
  inputs,
  outputs,
}: {
  inputs: readonly TensorFacts[];
  outputs: readonly TensorFacts[];
}): boolean {
  const all = [...inputs, ...outputs];
  return inputs.length > 0 && all.every(({ shape, datatype }) => shape[0] === -1 && datatype !== 'BYTES');
}

/** The rows of a run: the first dimension, which all of its inputs share. Undefined when they do not, or when there are none. */
export function rowsOf({ inputs }: BatchPart): number | undefined {
  const rows = inputs[0]?.shape[0] ?? 0;
  return rows > 0 && inputs.every(({ shape }) => shape[0] === rows) ? rows : undefined;
}

/** Whether two runs fit into one batch. */
export function fitTogether(left: BatchPart, right: BatchPart): boolean {
  return (
    isSame(left.outputs, right.outputs) &&
    left.inputs.every(({ shape }, at) => isSame(shape.slice(1), right.inputs[at]?.shape.slice(1) ?? []))
  );
}

/** The inputs of all parts below each other. */
export function joinRows(parts: readonly BatchPart[]): readonly IndexedTensor[] {
  const [first] = parts;
  if (first === undefined) return [];
  return first.inputs.map(({ index, shape }, at) => {
    const pieces = parts.flatMap(({ inputs }) => inputs[at] ?? []);
    const data = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.data.byteLength, 0));
    let end = 0;
    for (const piece of pieces) {
      data.set(piece.data, end);
      end += piece.data.byteLength;
    }
    const rows = pieces.reduce((sum, piece) => sum + (piece.shape[0] ?? 0), 0);
    return { index, shape: [rows, ...shape.slice(1)], data };
  });
}

/**
 * The outputs of each part, each in separate memory: callers must not see the rows of others.
 * Undefined when the model did not give one row for each row that it got.
 */
export function splitRows(
  outputs: readonly IndexedTensor[],
  rows: readonly number[],
): readonly (readonly IndexedTensor[])[] | undefined {
  const all = rows.reduce((sum, count) => sum + count, 0);
  if (!outputs.every(({ shape, data }) => shape[0] === all && data.byteLength % all === 0)) return undefined;
  let start = 0;
  return rows.map((count) => {
    const from = start;
    start += count;
    return outputs.map(({ index, shape, data }) => {
      const rowBytes = data.byteLength / all;
      return { index, shape: [count, ...shape.slice(1)], data: data.slice(from * rowBytes, (from + count) * rowBytes) };
    });
  });
}

const isSame = (left: readonly number[], right: readonly number[]): boolean =>
  left.length === right.length && left.every((value, at) => value === right[at]);
