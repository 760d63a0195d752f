import type { Budget } from '../budget.ts';
import { isArray, isObject, type JsonValue } from './value.ts';

/** JSON without white space, keys in their order. @throws CLAIM_RULES_LIMIT */
export function writeJson(value: JsonValue, budget: Budget): string {
  const writer = new JsonWriter(budget);
  writer.write(value);
  return budget.checkString(writer.text);
}

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

  /** Stops as soon as it is too long: a value that a query made may be much larger than its memory. */
  #push(text: string): void {
    this.#length += text.length;
    this.#budget.checkLength(this.#length);
    this.#parts.push(text);
  }

  /** As deep as values are: JSON that was read, and a level for each list or object that a query makes around it. */
  write(value: JsonValue): void {
    this.#budget.charge();
    if (typeof value === 'string') this.#string(value);
    else if (isArray(value)) this.#array(value);
    else if (isObject(value)) this.#object([...value]);
    else this.#push(String(value));
  }

  #string(text: string): void {
    this.#budget.chargeText(text.length);
    this.#push(JSON.stringify(text));
  }

  #array(items: readonly JsonValue[]): void {
    this.#push('[');
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#push(',');
      this.write(item);
    }
    this.#push(']');
  }

  #object(entries: readonly (readonly [string, JsonValue])[]): void {
    this.#push('{');
    for (const [index, [key, item]] of entries.entries()) {
      if (index > 0) this.#push(',');
      this.#string(key);
      this.#push(':');
      this.write(item);
    }
    this.#push('}');
  }
}
