/** A matrix of 32-bit floats, row after row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
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
  const { columns } = b;
  for (let row = 0; row < a.rows; row++) {
    const target = sum.values.subarray(row * columns, (row + 1) * columns);
    for (let k = 0; k < a.columns; k++) {
      const factor = a.values[row * a.columns + k] ?? 0;
      if (factor !== 0) addScaled(target, b.values.subarray(k * columns, (k + 1) * columns), factor);
    }
  }
}

/** Adds `a` transposed, times `b`, to `sum`: the gradient of weights. */
export function addTransposedProduct(sum: Matrix, a: Matrix, b: Matrix): void {
  const { columns } = b;
  for (let row = 0; row < a.rows; row++) {
    const source = b.values.subarray(row * columns, (row + 1) * columns);
    for (let k = 0; k < a.columns; k++) {
      const factor = a.values[row * a.columns + k] ?? 0;
      if (factor !== 0) addScaled(sum.values.subarray(k * columns, (k + 1) * columns), source, factor);
    }
  }
}

/** Adds `a` times `b` transposed to `sum`: the gradient of inputs. */
export function addProductOfTransposed(sum: Matrix, a: Matrix, b: Matrix): void {
  addProduct(sum, a, transposed(b));
}

function transposed({ rows, columns, values }: Matrix): Matrix {
  const made = zeros(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) made.values[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return made;
}

/** Adds a row to each row. */
export function addRow(matrix: Matrix, row: Matrix): void {
  for (let at = 0; at < matrix.values.length; at += matrix.columns) {
    addScaled(matrix.values.subarray(at, at + matrix.columns), row.values, 1);
  }
}

/** Adds the sum of all rows to a row: the gradient of a bias. */
export function addRows(sum: Matrix, matrix: Matrix): void {
  for (let at = 0; at < matrix.values.length; at += matrix.columns) {
    addScaled(sum.values, matrix.values.subarray(at, at + matrix.columns), 1);
  }
}

function addScaled(target: Float32Array, source: Float32Array, factor: number): void {
  const end = target.length;
  for (let i = 0; i < end; i++) target[i] = (target[i] ?? 0) + factor * (source[i] ?? 0);
}

/**
 * Turns each row of scores into the gradient of the cross entropy with the wanted class (softmax, then minus one at the class).
 * @returns the sum of the losses, in nats
 */
export function crossEntropy(scores: Matrix, wanted: Uint8Array): number {
  let loss = 0;
  for (let row = 0; row < scores.rows; row++) {
    const values = scores.values.subarray(row * scores.columns, (row + 1) * scores.columns);
    const most = values.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp((values[i] ?? 0) - most);
    for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) / sum;
    const at = wanted[row] ?? 0;
    loss -= Math.log(Math.max(values[at] ?? 0, 1e-12));
    values[at] = (values[at] ?? 0) - 1;
  }
  return loss;
}
