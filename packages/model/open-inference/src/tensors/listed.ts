import { refuseSize } from './check.ts';
import type { TensorLimits } from './tensor.ts';

/**
 * Counts the elements of a message that are listed one by one, over all of its tensors: each costs as much as a hundred in one piece, so
 * their count is compared with the bound before they are read.
 */
export class ListedElements {
  readonly #most: number;
  #count = 0;

  constructor({ maxListedElements }: TensorLimits) {
    this.#most = maxListedElements;
  }

  /** @throws INFERENCE_LIMIT_EXCEEDED */
  add(count: number, at: string): void {
    this.#count += count;
    if (this.#count <= this.#most) return;
    const most = `lists elements one by one, and a message may have ${this.#most} of these: send tensors in binary`;
    refuseSize(at, most, 'maxListedElements');
  }
}

/** @throws INFERENCE_LIMIT_EXCEEDED for a message with more JSON than the limits allow */
export function requireJsonWithin(sizeBytes: number, { maxJsonBytes }: TensorLimits): void {
  if (sizeBytes <= maxJsonBytes) return;
  refuseSize('the message', `has more than ${maxJsonBytes} bytes of JSON: send tensors in binary`, 'maxJsonBytes');
}
