import type { Token } from '../lexis/token.ts';

/** Why a condition cannot be decided, as a part of a sentence. */
export class ConditionFault extends Error {}

const deepest = 64;
const order: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '>': 4,
  '<=': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
};

/**
 * Decides the condition of `#if` (C17, 6.10.1): 64-bit integers, of which any but 0 is true. Names that are left count as 0.
 *
 * @param tokens After `defined` was answered and macros were replaced
 * @throws ConditionFault
 */
export function isTrue(tokens: readonly Token[]): boolean {
  if (tokens.some(({ kind }) => kind === 'string')) throw new ConditionFault('a string stands in it');
  const reader = new ConditionReader(tokens.map(({ text }) => text));
  return reader.read() !== 0n;
}

class ConditionReader {
  readonly #words: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  read(): bigint {
    const value = this.#operation(1);
    const rest = this.#words[this.#at];
    if (rest !== undefined) throw new ConditionFault(`"${rest}" is not expected there`);
    return value;
  }

  #operation(lowest: number): bigint {
    let left = this.#operand();
    for (;;) {
      const operator = this.#words[this.#at];
      const rank = operator === undefined ? undefined : order[operator];
      if (operator === undefined || rank === undefined || rank < lowest) return left;
      this.#at++;
      left = BigInt.asIntN(64, combined(operator, left, this.#operation(rank + 1)));
    }
  }

  #operand(): bigint {
    if (++this.#depth > deepest) throw new ConditionFault('it is nested too deeply');
    const word = this.#words[this.#at++];
    const value = word === undefined ? undefined : this.#valueOf(word);
    if (value === undefined) {
      throw new ConditionFault(word === undefined ? 'it ends too early' : `"${word}" is not expected there`);
    }
    this.#depth--;
    return value;
  }

  #valueOf(word: string): bigint | undefined {
    if (word === '!') return this.#operand() === 0n ? 1n : 0n;
    if (word === '-') return BigInt.asIntN(64, -this.#operand());
    if (word === '+') return this.#operand();
    if (word === '(') {
      const value = this.#operation(1);
      if (this.#words[this.#at++] !== ')') throw new ConditionFault('a parenthesis is not closed');
      return value;
    }
    if (/^[A-Za-z_]/.test(word)) return 0n;
    const [, digits] = /^((?:0[xX])?[0-9a-fA-F]{1,20})[uUlL]{0,3}$/.exec(word) ?? [];
    if (digits === undefined) return undefined;
    const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
    return /^(?:0[xX][0-9a-fA-F]+|0o[0-7]+|0|[1-9][0-9]*)$/.test(octal) ? BigInt.asIntN(64, BigInt(octal)) : undefined;
  }
}

function combined(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '||':
      return left !== 0n || right !== 0n ? 1n : 0n;
    case '&&':
      return left !== 0n && right !== 0n ? 1n : 0n;
    case '==':
      return left === right ? 1n : 0n;
    case '!=':
      return left === right ? 0n : 1n;
    case '<':
      return left < right ? 1n : 0n;
    case '>':
      return left > right ? 1n : 0n;
    case '<=':
      return left <= right ? 1n : 0n;
    case '>=':
      return left >= right ? 1n : 0n;
    case '+':
      return left + right;
    case '-':
      return left - right;
    default:
      return left * right;
  }
}
