import { zeros, type Matrix } from './matrix.ts';

/** Weights that are trained, and the gradient of the loss by them. */
export interface Weights {
  readonly value: Matrix;
  readonly gradient: Matrix;
}

export function weights(value: Matrix): Weights {
  return { value, gradient: zeros(value.rows, value.columns) };
}

const [decayOfMean, decayOfSquare, tiny] = [0.9, 0.999, 1e-8];
/** The longest gradient; a longer one is shortened, so that one unlucky batch does not undo the others. */
const longest = 5;

/** Takes steps by Adam (Kingma and Ba, 2015). */
export class Adam {
  readonly #weights: readonly Weights[];
  readonly #means: readonly Float32Array[];
  readonly #squares: readonly Float32Array[];
  #steps = 0;

  constructor(trained: readonly Weights[]) {
    this.#weights = trained;
    this.#means = trained.map(({ value }) => new Float32Array(value.values.length));
    this.#squares = trained.map(({ value }) => new Float32Array(value.values.length));
  }

  /** Moves all weights against their gradients, and sets those to zero. */
  step(rate: number): void {
    this.#steps += 1;
    const scale = 1 / Math.max(1, this.#length() / longest);
    const [meanBias, squareBias] = [1 - decayOfMean ** this.#steps, 1 - decayOfSquare ** this.#steps];
    this.#weights.forEach(({ value, gradient }, index) => {
      const [mean, square] = [this.#means[index], this.#squares[index]];
      if (mean === undefined || square === undefined) return;
      for (let i = 0; i < mean.length; i++) {
        const slope = (gradient.values[i] ?? 0) * scale;
        mean[i] = decayOfMean * (mean[i] ?? 0) + (1 - decayOfMean) * slope;
        square[i] = decayOfSquare * (square[i] ?? 0) + (1 - decayOfSquare) * slope * slope;
        const size = Math.sqrt((square[i] ?? 0) / squareBias) + tiny;
        value.values[i] = (value.values[i] ?? 0) - (rate * (mean[i] ?? 0)) / meanBias / size;
      }
      gradient.values.fill(0);
    });
  }

  #length(): number {
    let sum = 0;
    for (const { gradient } of this.#weights) for (const slope of gradient.values) sum += slope * slope;
    return Math.sqrt(sum);
  }
}
