import { isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';

/** What is wrong, each with the path of its place, such as `tenants[0].issuer`. */
export type Problems = string[];

/**
 * Reads the members of an object of the configuration. What is wrong is reported and read as if it were absent, so one
 * look finds all mistakes.
 */
export class Fields {
  readonly path: string;
  readonly #object: JsonObject;
  readonly #isObject: boolean;
  readonly #problems: Problems;
  readonly #unread: Set<string>;

  constructor(value: JsonValue | undefined, path: string, problems: Problems) {
    this.path = path;
    this.#problems = problems;
    this.#isObject = isJsonObject(value);
    this.#object = isJsonObject(value) ? value : {};
    if (!this.#isObject) problems.push(`${path || 'the file'}: must be an object.`);
    this.#unread = new Set(Object.keys(this.#object));
  }

  /** Reports members that nobody has read. The last thing that is asked of an object. */
  end(): void {
    for (const name of this.#unread) this.problem(name, 'is not known. Remove it, or correct its spelling.');
  }

  problem(name: string, what: string): void {
    this.#problems.push(`${this.#at(name)}: ${what}`);
  }

  has(name: string): boolean {
    return name in this.#object;
  }

  /** Absent, or a list of nothing. A list of what is wrong is reported for what is in it. */
  isEmptyList(name: string): boolean {
    const value = this.#object[name];
    return value === undefined || (Array.isArray(value) && value.length === 0);
  }

  /** Reports those that are absent, unless this is no object at all. */
  require(...names: readonly string[]): void {
    if (!this.#isObject) return;
    for (const name of names) if (!this.has(name)) this.problem(name, 'is missing.');
  }

  fields(name: string): Fields | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : new Fields(value, this.#at(name), this.#problems);
  }

  /** An array of objects. */
  list(name: string, maximum: number): readonly Fields[] {
    return this.#array(name, maximum).map((item, i) => new Fields(item, `${this.#at(name)}[${i}]`, this.#problems));
  }

  /** An array of texts, each as `read` returns it. `read` returns nothing for a text that is none. */
  texts<T>(name: string, expected: string, read: (text: string) => T | undefined): readonly T[] {
    const seen = new Set<unknown>();
    return this.#array(name, 256).flatMap((item, i) => {
      const value = typeof item === 'string' ? read(item) : undefined;
      if (value === undefined) this.#problems.push(`${this.#at(name)}[${i}]: must be ${expected}.`);
      else if (seen.has(value)) this.#problems.push(`${this.#at(name)}[${i}]: is there twice.`);
      seen.add(value);
      return value === undefined ? [] : [value];
    });
  }

  text<T>(name: string, expected: string, read: (text: string) => T | undefined): T | undefined {
    const item = this.#take(name);
    if (item === undefined) return undefined;
    const value = typeof item === 'string' ? read(item) : undefined;
    if (value === undefined) this.problem(name, `must be ${expected}.`);
    return value;
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const expected = choices.map((choice) => `"${choice}"`).join(' or ');
    return this.text(name, expected, (text) => choices.find((choice) => choice === text));
  }

  boolean(name: string): boolean | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === 'boolean') return value;
    this.problem(name, 'must be true or false.');
    return undefined;
  }

  integer(name: string, minimum: number, maximum: number): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    this.problem(name, `must be a whole number from ${minimum} to ${maximum}.`);
    return undefined;
  }

  /** The names and texts of an object whose names are free. */
  map(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const entries = isJsonObject(value) ? Object.entries(value) : [];
    const texts = entries.flatMap(([key, item]) => (typeof item === 'string' ? [[key, item] as const] : []));
    if (isJsonObject(value) && texts.length === entries.length) return Object.fromEntries(texts);
    this.problem(name, 'must be an object of texts.');
    return undefined;
  }

  /** A member as it is, for who reads it by other rules. */
  raw(name: string): JsonValue | undefined {
    return this.#take(name);
  }

  #take(name: string): JsonValue | undefined {
    this.#unread.delete(name);
    return this.#object[name];
  }

  #array(name: string, maximum: number): readonly JsonValue[] {
    const value = this.#take(name);
    if (value === undefined) return [];
    // Array.isArray does not narrow a union with a readonly array.
    if (Array.isArray(value) && value.length <= maximum) return value as readonly JsonValue[];
    this.problem(name, `must be an array of at most ${maximum}.`);
    return [];
  }

  #at(name: string): string {
    const shown = /^[\w-]+$/.test(name) ? name : JSON.stringify(name.slice(0, 64));
    return this.path === '' ? shown : `${this.path}.${shown}`;
  }
}
