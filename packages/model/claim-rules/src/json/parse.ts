import { JsonCursor } from '@enclos/codec/json';
import type { Budget } from '../budget.ts';
import { raise } from '../policy-error.ts';
import type { Work } from '../work.ts';
import type { JsonValue } from './value.ts';

/** A text that is not JSON; the message says where and why. */
export class JsonFault extends Error {}

/** No evidence has longer numbers, and reading them takes more than a step for each digit. */
export const mostDigits = 40;

/** Steps of an object besides those of its members: a map takes more memory than any other value. */
const stepsAnObject = 4;
const stepsAMember = 2;
const stepsAList = 3;
const stepsAnEscape = 2;

/**
 * Reads JSON (RFC 8259) strictly, and charges for it: a repeated key is refused, since two readers of it would see two
 * values.
 *
 * @throws JsonFault; PolicyError with CLAIM_RULES_LIMIT for nesting, length or work
 */
export function* parseJson(text: string, budget: Budget): Work<JsonValue> {
  budget.chargeText(text.length);
  return yield* new JsonParser(text, budget).document();
}

class JsonParser extends JsonCursor {
  readonly #budget: Budget;

  constructor(text: string, budget: Budget) {
    super(text);
    this.#budget = budget;
  }

  *document(): Work<JsonValue> {
    const value = yield* this.#value(1);
    this.space();
    if (this.at < this.text.length) this.fail('text follows the value');
    return value;
  }

  override fail(problem: string, at = this.at): never {
    throw new JsonFault(`${problem} (at character ${at + 1})`);
  }

  *#value(depth: number): Work<JsonValue> {
    this.#budget.charge();
    if (this.#budget.isPauseDue) yield;
    if (this.take('{')) return yield* this.#object(depth);
    if (this.take('[')) return yield* this.#array(depth);
    if (this.text[this.at] === '"') return this.#string('a string');
    const word = this.word();
    return word === undefined ? this.#number() : word;
  }

  /** Only objects and arrays are levels, as for the readers of the codec: what is in the last one is read. */
  #requireLevel(depth: number): void {
    const { maxDepth } = this.#budget.limits;
    if (depth > maxDepth) raise('CLAIM_RULES_LIMIT', `JSON is nested deeper than ${maxDepth} levels (maxDepth).`);
  }

  *#object(depth: number): Work<JsonValue> {
    this.#requireLevel(depth);
    this.#budget.charge(stepsAnObject);
    const object = new Map<string, JsonValue>();
    if (this.take('}')) return object;
    do {
      this.space();
      const start = this.at;
      this.#budget.charge(stepsAMember);
      const key = this.#string('a key in double quotes');
      if (object.has(key)) this.fail('this key is repeated', start);
      this.need(':', 'after the key');
      object.set(key, yield* this.#value(depth + 1));
    } while (this.take(','));
    this.need('}', 'or "," here');
    return object;
  }

  *#array(depth: number): Work<JsonValue> {
    this.#requireLevel(depth);
    this.#budget.charge(stepsAList);
    const array: JsonValue[] = [];
    if (this.take(']')) return array;
    do array.push(yield* this.#value(depth + 1));
    while (this.take(','));
    this.need(']', 'or "," here');
    return array;
  }

  #string(what: string): string {
    const start = this.at;
    const value = this.string(what);
    // Each was looked at and put into the text by itself. In a valid string each begins with a backslash, and one of a
    // backslash has two.
    this.#budget.charge(stepsAnEscape * (this.text.slice(start, this.at).match(/\\./g)?.length ?? 0));
    return value;
  }

  #number(): JsonValue {
    const start = this.at;
    const token = this.number();
    if (token.length > mostDigits) return this.fail(`a number has more than ${mostDigits} characters`);
    this.#budget.chargeText(token.length);
    const value = Number(token);
    if (!Number.isFinite(value)) return this.fail('this number is too large', start);
    if (/[.eE]/.test(token) || Number.isSafeInteger(value)) return value + 0;
    return BigInt(token);
  }
}
