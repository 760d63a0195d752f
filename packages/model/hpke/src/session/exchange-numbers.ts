import { EnclosError } from '@enclos/errors';

/** How far below the highest number one may still arrive: more requests than one client has in flight. */
const widthBits = 4096;

/**
 * Accepts each number once, in nearly any order, in a bounded memory. A number so far below the highest that it is not
 * known any more is refused.
 */
export class ExchangeNumbers {
  /** One bit a number, by the number modulo the width. */
  readonly #seen = new Uint8Array(widthBits / 8);
  #highest = -1;

  /** @throws HPKE_REPLAYED. */
  accept(number: number): void {
    if (number <= this.#highest - widthBits || (number <= this.#highest && this.#has(number))) {
      throw new EnclosError('HPKE_REPLAYED', 'The number of the exchange was used, or is too old to tell.');
    }
    if (number - this.#highest >= widthBits) this.#seen.fill(0);
    else for (let skipped = this.#highest + 1; skipped < number; skipped++) this.#set(skipped, false);
    this.#highest = Math.max(this.#highest, number);
    this.#set(number, true);
  }

  #has(number: number): boolean {
    const bit = number % widthBits;
    return ((this.#seen[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  #set(number: number, isSeen: boolean): void {
    const bit = number % widthBits;
    const byte = (this.#seen[bit >>> 3] ?? 0) & ~(1 << (bit & 7));
    this.#seen[bit >>> 3] = isSeen ? byte | (1 << (bit & 7)) : byte;
  }
}
