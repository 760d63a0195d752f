import type { Budget } from '../budget.ts';
import { raise } from '../policy-error.ts';
import type { Work } from '../work.ts';
import type { JsonValue } from './value.ts';

/** The text is not JSON; the message says where and why. */
export class JsonFault extends Error {}

const numberToken = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const plainText = /[^"\\\u0000-\u001F]*/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const literals: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
/** Longer numbers occur in no evidence, and reading them takes more than one step for each digit. */
export const mostDigits = 40;

/** Steps of an object besides those of its members: a map takes more memory than any other value. */
const stepsAnObject = 4;
const stepsAMember = 2;
const stepsAList = 3;
const stepsAnEscape = 2;

/**
 * Reads JSON (RFC 8259) strictly: a duplicate key is refused, because two readers could see two values.
 * @throws JsonFault; PolicyError with CLAIM_RULES_LIMIT for nesting, length or work
 */
export function* parseJson(text: string, budget: Budget): Work<JsonValue> {
  budget.chargeText(text.length);
  return yield* new JsonParser(text, budget).parse();
}

class JsonParser {
  readonly #text: string;
  readonly #budget: Budget;
  #at = 0;

  constructor(text: string, budget: Budget) {
    this.#text = text;
    this.#budget = budget;
  }

  *parse(): Work<JsonValue> {
    const value = yield* this.#value(1);
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('text follows the value');
    return value;
  }

  #fail(what: string): never {
    throw new JsonFault(`${what} (at character ${this.#at + 1})`);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }

  /** Space, tab, line feed and carriage return (RFC 8259, section 2), and no other white space. */
  #skipSpace(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d) return;
    }
  }

  #take(character: string): boolean {
    this.#skipSpace();
    const found = this.#text[this.#at] === character;
    if (found) this.#at++;
    return found;
  }

  *#value(depth: number): Work<JsonValue> {
    this.#budget.charge();
    if (this.#budget.isPauseDue) yield;
    const { maxDepth } = this.#budget.limits;
    if (depth > maxDepth) raise('CLAIM_RULES_LIMIT', `JSON is nested deeper than ${maxDepth} levels (maxDepth).`);
    if (this.#take('{')) return yield* this.#object(depth);
    if (this.#take('[')) return yield* this.#array(depth);
    if (this.#text[this.#at] === '"') return this.#string();
    for (const [name, value] of literals) {
      if (!this.#text.startsWith(name, this.#at)) continue;
      this.#at += name.length;
      return value;
    }
    return this.#number();
  }

  *#object(depth: number): Work<JsonValue> {
    this.#budget.charge(stepsAnObject);
    const object = new Map<string, JsonValue>();
    if (this.#take('}')) return object;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') this.#fail('a key in double quotes is missing');
      this.#budget.charge(stepsAMember);
      const key = this.#string();
      if (object.has(key)) this.#fail('a key stands twice in one object');
      if (!this.#take(':')) this.#fail('a colon is missing');
      object.set(key, yield* this.#value(depth + 1));
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail('an object does not end');
    return object;
  }

  *#array(depth: number): Work<JsonValue> {
    this.#budget.charge(stepsAList);
    const array: JsonValue[] = [];
    if (this.#take(']')) return array;
    do array.push(yield* this.#value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) this.#fail('an array does not end');
    return array;
  }

  #string(): string {
    this.#at++;
    let value = this.#match(plainText)?.[0] ?? '';
    while (this.#text[this.#at] !== '"') {
      const found = this.#match(escape)?.[0];
      if (found === undefined) return this.#fail('a string does not end, or has a wrong escape');
      // Each escape is matched, looked up and added to the text separately.
      this.#budget.charge(stepsAnEscape);
      const letter = found.charAt(1);
      value += letter === 'u' ? String.fromCharCode(Number.parseInt(found.slice(2), 16)) : (escapes[letter] ?? letter);
      value += this.#match(plainText)?.[0] ?? '';
    }
    this.#at++;
    return value;
  }

  #number(): JsonValue {
    const found = this.#match(numberToken);
    if (found === undefined) return this.#fail('a value is missing');
    const [token, fraction, exponent] = found;
    if (token.length > mostDigits) return this.#fail(`a number has more than ${mostDigits} characters`);
    this.#budget.chargeText(token.length);
    const value = Number(token);
    if (!Number.isFinite(value)) return this.#fail('a number is too large');
    if (fraction !== undefined || exponent !== undefined || Number.isSafeInteger(value)) return value + 0;
    return BigInt(token);
  }
}
