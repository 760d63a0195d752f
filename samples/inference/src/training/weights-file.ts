import { readFile, writeFile } from 'node:fs/promises';
import { fromBase64, toBase64 } from '@enclos/codec';
import type { Weights } from './adam.ts';
import type { Matrix } from './matrix.ts';

/** Writes weights as JSON: a list of rows, columns, and the base64 of the values as little-endian 32-bit floats. */
export async function writeWeights(path: string, trained: readonly Weights[]): Promise<void> {
  const entries = trained.map(({ value: { rows, columns, values } }) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return { rows, columns, values: toBase64(bytes) };
  });
  await writeFile(path, JSON.stringify(entries));
}

/** Reads what `writeWeights` wrote. @throws Error for another file */
export async function readWeights(path: string): Promise<readonly Matrix[]> {
  const entries: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (!Array.isArray(entries)) throw new Error(`${path} is not a list of weights.`);
  return entries.map((entry: unknown) => matrixOf(entry, path));
}

function matrixOf(entry: unknown, path: string): Matrix {
  if (typeof entry !== 'object' || entry === null) throw new Error(`${path} does not hold weights.`);
  const { rows, columns, values }: { rows?: unknown; columns?: unknown; values?: unknown } = entry;
  if (typeof rows !== 'number' || typeof columns !== 'number' || typeof values !== 'string') {
    throw new Error(`${path} does not hold weights.`);
  }
  const read = new Float32Array(fromBase64(values).slice().buffer);
  if (read.length !== rows * columns) throw new Error(`${path} holds a matrix without all its values.`);
  return { rows, columns, values: read };
}
