/** A matrix of 32-bit floats, row after row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** A value of a list. Outside of the list it is NaN, so that a wrong place shows in the loss at once. */
export function at(values: Float32Array | Uint8Array, place: number): number {
  return values[place] ?? Number.NaN;
}

export function rowOf({ values, columns }: Matrix, row: number): Float32Array {
  return values.subarray(row * columns, (row + 1) * columns);
}

export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float32Array(rows * columns) };
}

/** Random weights whose sums keep the variance of their inputs (Glorot and Bengio, 2010). */
export function randomWeights(rows: number, columns: number, random: () => number): Matrix {
  const made = zeros(rows, columns);
  const bound = Math.sqrt(6 / (rows + columns));
  for (let i = 0; i < made.values.length; i++) made.values[i] = (2 * random() - 1) * bound;
  return made;
}

/** Adds `a` times `b` to `sum`. */
export function addProduct(sum: Matrix, a: Matrix, b: Matrix): void {
  for (let row = 0; row < a.rows; row++) {
    const target = rowOf(sum, row);
    for (let k = 0; k < a.columns; k++) {
      const factor = at(a.values, row * a.columns + k);
      if (factor !== 0) addScaled(target, rowOf(b, k), factor);
    }
  }
}

/** Adds `a` transposed, times `b`, to `sum`: the gradient of weights. */
export function addTransposedProduct(sum: Matrix, a: Matrix, b: Matrix): void {
  for (let row = 0; row < a.rows; row++) {
    const source = rowOf(b, row);
    for (let k = 0; k < a.columns; k++) {
      const factor = at(a.values, row * a.columns + k);
      if (factor !== 0) addScaled(rowOf(sum, k), source, factor);
    }
  }
}

/** Adds `a` times `b` transposed to `sum`: the gradient of inputs. */
export function addProductOfTransposed(sum: Matrix, a: Matrix, b: Matrix): void {
  addProduct(sum, a, transposed(b));
}

/** Rows as columns. */
export function transposed({ rows, columns, values }: Matrix): Matrix {
  const made = zeros(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      made.values[column * rows + row] = at(values, row * columns + column);
    }
  }
  return made;
}

/** Adds a row to each row. */
export function addRow(matrix: Matrix, row: Matrix): void {
  for (let i = 0; i < matrix.rows; i++) addScaled(rowOf(matrix, i), row.values, 1);
}

/** Adds the sum of all rows to a row: the gradient of a bias. */
export function addRows(sum: Matrix, matrix: Matrix): void {
  for (let i = 0; i < matrix.rows; i++) addScaled(sum.values, rowOf(matrix, i), 1);
}

function addScaled(target: Float32Array, source: Float32Array, factor: number): void {
  const end = target.length;
  for (let i = 0; i < end; i++) target[i] = at(target, i) + factor * at(source, i);
}

/**
 * Turns each row of scores into the gradient of the cross entropy with the wanted class (softmax, then minus one at the class).
 * @returns the sum of the losses, in nats
 */
export function crossEntropy(scores: Matrix, wanted: Uint8Array): number {
  let loss = 0;
  for (let row = 0; row < scores.rows; row++) {
    const values = rowOf(scores, row);
    const most = values.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp(at(values, i) - most);
    for (let i = 0; i < values.length; i++) values[i] = at(values, i) / sum;
    const own = at(wanted, row);
    loss -= Math.log(Math.max(at(values, own), 1e-12));
    values[own] = at(values, own) - 1;
  }
  return loss;
}
