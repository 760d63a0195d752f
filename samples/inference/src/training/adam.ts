import { at, zeros, type Matrix } from './matrix.ts';

/** Weights that are trained, and the gradient of the loss by them. */
export interface Weights {
  readonly value: Matrix;
  readonly gradient: Matrix;
}

export function weights(value: Matrix): Weights {
  return { value, gradient: zeros(value.rows, value.columns) };
}

/** Divides gradients that are sums over examples by the number of these. */
export function averageGradients(summed: readonly Weights[], examples: number): void {
  for (const { gradient } of summed) gradient.values.forEach((slope, i) => (gradient.values[i] = slope / examples));
}

/** A rate that falls along a half wave, from the first to a part of it. @param done from 0 to 1 */
export function fallingRate(first: number, leastPart: number, done: number): number {
  return first * (leastPart + ((1 - leastPart) * (1 + Math.cos(Math.PI * done))) / 2);
}

const [decayOfMean, decayOfSquare, tiny] = [0.9, 0.999, 1e-8];
/** The longest gradient; a longer one is shortened, so that one unlucky batch does not undo the others. */
const longest = 5;

/** Takes steps by Adam (Kingma and Ba, 2015). */
export class Adam {
  readonly #trained: readonly {
    readonly weights: Weights;
    readonly mean: Float32Array;
    readonly square: Float32Array;
  }[];
  #steps = 0;

  constructor(trained: readonly Weights[]) {
    this.#trained = trained.map((one) => {
      const { length } = one.value.values;
      return { weights: one, mean: new Float32Array(length), square: new Float32Array(length) };
    });
  }

  /** Moves all weights against their gradients, and sets those to zero. */
  step(rate: number): void {
    this.#steps += 1;
    const scale = 1 / Math.max(1, this.#length() / longest);
    const [meanBias, squareBias] = [1 - decayOfMean ** this.#steps, 1 - decayOfSquare ** this.#steps];
    for (const { weights: moved, mean, square } of this.#trained) {
      const [{ values }, { values: slopes }] = [moved.value, moved.gradient];
      for (let i = 0; i < mean.length; i++) {
        const slope = at(slopes, i) * scale;
        mean[i] = decayOfMean * at(mean, i) + (1 - decayOfMean) * slope;
        square[i] = decayOfSquare * at(square, i) + (1 - decayOfSquare) * slope * slope;
        const size = Math.sqrt(at(square, i) / squareBias) + tiny;
        values[i] = at(values, i) - (rate * at(mean, i)) / meanBias / size;
      }
      slopes.fill(0);
    }
  }

  #length(): number {
    let sum = 0;
    for (const { weights: one } of this.#trained) for (const slope of one.gradient.values) sum += slope * slope;
    return Math.sqrt(sum);
  }
}
