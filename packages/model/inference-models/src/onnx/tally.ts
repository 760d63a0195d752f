import { EnclosError } from '@enclos/errors';
import type { ModelLimits, OperatorUse } from './facts.ts';

const maximumOperators = 4096;

/** @throws MODEL_INVALID always. */
export function refuseModel(problem: string): never {
  throw new EnclosError('MODEL_INVALID', `The ONNX model is not valid: ${problem}.`);
}

/** @throws MODEL_LIMIT_EXCEEDED always. @param bound names the limit, as `ModelLimits` does. */
export function refuseSize(what: string, bound: keyof ModelLimits): never {
  throw new EnclosError('MODEL_LIMIT_EXCEEDED', `The ONNX model has ${what} (${bound}).`, { details: { bound } });
}

/** What is counted over all graphs of a model. */
export class Tally {
  readonly limits: ModelLimits;
  readonly #uses = new Map<string, OperatorUse>();
  #nodes = 0;
  #weights = 0;
  #weightBytes = 0;

  constructor(limits: ModelLimits) {
    this.limits = limits;
  }

  addNode(domain: string, operator: string): void {
    const { maxNodes } = this.limits;
    this.#nodes += 1;
    if (this.#nodes > maxNodes) refuseSize(`more than ${maxNodes} nodes`, 'maxNodes');
    const key = `${domain}:${operator}`;
    const count = (this.#uses.get(key)?.count ?? 0) + 1;
    if (count === 1 && this.#uses.size === maximumOperators) {
      refuseModel(`it uses more than ${maximumOperators} different operators`);
    }
    this.#uses.set(key, { domain, operator, count });
  }

  addWeights(sizeBytes: number): void {
    const { maxWeights } = this.limits;
    this.#weights += 1;
    if (this.#weights > maxWeights) refuseSize(`more than ${maxWeights} weights`, 'maxWeights');
    this.#weightBytes += sizeBytes;
  }

  weights(): { readonly count: number; readonly sizeBytes: number } {
    return Object.freeze({ count: this.#weights, sizeBytes: this.#weightBytes });
  }

  operators(): readonly OperatorUse[] {
    const named = [...this.#uses].toSorted(([left], [right]) => (left < right ? -1 : 1));
    return Object.freeze(named.map(([, use]) => Object.freeze(use)));
  }
}
