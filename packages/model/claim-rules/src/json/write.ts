import type { Budget } from '../budget.ts';
import type { Work } from '../work.ts';
import { isArray, isObject, type JsonObject, type JsonValue } from './value.ts';

/** JSON without white space, keys in their order. @throws CLAIM_RULES_LIMIT */
export function* writeJson(value: JsonValue, budget: Budget): Work<string> {
  const writer = new JsonWriter(budget);
  yield* writer.write(value);
  return budget.checkString(writer.text);
}

/** Steps of a list or an object besides those of its contents. */
const stepsAContainer = 3;

class JsonWriter {
  readonly #parts: string[] = [];
  readonly #budget: Budget;
  #length = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get text(): string {
    return this.#parts.join('');
  }

  /**
   * Stops as soon as the text is too long: the text of a value that a query made may be much larger than the value in memory.
   */
  #push(text: string): void {
    this.#length += text.length;
    this.#budget.checkLength(this.#length);
    this.#parts.push(text);
  }

  /** Recurses as deep as values are: JSON that was read, and a level for each list or object that a query makes around it. */
  *write(value: JsonValue): Work<void> {
    this.#budget.charge();
    if (this.#budget.isPauseDue) yield;
    if (typeof value === 'string') this.#string(value);
    else if (isArray(value)) yield* this.#array(value);
    else if (isObject(value)) yield* this.#object(value);
    else this.#scalar(String(value));
  }

  #scalar(text: string): void {
    this.#budget.chargeText(text.length);
    this.#push(text);
  }

  #string(text: string): void {
    this.#budget.chargeText(text.length);
    const written = JSON.stringify(text);
    // An escape takes up to six characters for one, and more work than a copy.
    this.#budget.charge(written.length - text.length - 2);
    this.#push(written);
  }

  *#array(items: readonly JsonValue[]): Work<void> {
    this.#budget.charge(stepsAContainer);
    this.#push('[');
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#push(',');
      yield* this.write(item);
    }
    this.#push(']');
  }

  *#object(entries: JsonObject): Work<void> {
    this.#budget.charge(stepsAContainer);
    this.#push('{');
    let separator = '';
    for (const [key, item] of entries) {
      this.#push(separator);
      this.#string(key);
      this.#push(':');
      yield* this.write(item);
      separator = ',';
    }
    this.#push('}');
  }
}
