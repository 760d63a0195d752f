import { EnclosError } from '@enclos/errors';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

const datePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/**
 * Typed access to the members of a JSON object. A missing member and a member
 * of the wrong kind are told apart, because QVL gives them different names.
 *
 * @throws CODEC_TRUNCATED for a missing member, CODEC_INVALID for a wrong one.
 */
export class JsonFields {
  readonly #object: JsonObject;
  readonly #path: string;

  constructor(value: JsonValue | undefined, path: string) {
    if (!isJsonObject(value)) throw wrong(path, 'an object');
    this.#object = value;
    this.#path = path;
  }

  has(name: string): boolean {
    return name in this.#object;
  }

  object(name: string): JsonFields {
    return new JsonFields(this.#get(name), this.#at(name));
  }

  /** The members of an array of `minimum` to `maximum` objects. */
  objects(name: string, minimum: number, maximum: number): readonly JsonFields[] {
    return this.#array(name, minimum, maximum).map(
      (item, index) => new JsonFields(item, `${this.#at(name)}[${index}]`),
    );
  }

  /** An optional array of strings; absent is empty. */
  optionalStrings(name: string, maximum: number, maxLength: number): readonly string[] {
    if (!this.has(name)) return Object.freeze([]);
    const strings = this.#array(name, 0, maximum).map((item) => {
      if (typeof item !== 'string' || item.length > maxLength) throw wrong(this.#at(name), 'an array of short strings');
      return item;
    });
    return Object.freeze(strings);
  }

  string(name: string, maxLength: number): string {
    const value = this.#get(name);
    if (typeof value !== 'string' || value.length > maxLength) {
      throw wrong(this.#at(name), `a string up to ${maxLength} characters`);
    }
    return value;
  }

  optionalString(name: string, maxLength: number): string | undefined {
    return this.has(name) ? this.string(name, maxLength) : undefined;
  }

  integer(name: string, maximum: number): number {
    const value = this.#get(name);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > maximum) {
      throw wrong(this.#at(name), `an integer from 0 to ${maximum}`);
    }
    return value;
  }

  /** Hex of exactly `sizeBytes`, in lower case. */
  hex(name: string, sizeBytes: number): string {
    const value = this.string(name, 2 * sizeBytes);
    if (value.length !== 2 * sizeBytes || !/^[0-9a-f]*$/i.test(value)) {
      throw wrong(this.#at(name), `${sizeBytes} bytes of hex`);
    }
    return value.toLowerCase();
  }

  /** A date of the form 2025-06-19T10:56:11Z that exists. */
  date(name: string): string {
    const value = this.string(name, 20);
    const time = Date.parse(value);
    const exists = datePattern.test(value) && !Number.isNaN(time) && isoSeconds(time) === value;
    if (!exists) throw wrong(this.#at(name), 'a date like 2025-06-19T10:56:11Z');
    return value;
  }

  #array(name: string, minimum: number, maximum: number): readonly JsonValue[] {
    const value = this.#get(name);
    if (!isJsonArray(value) || value.length < minimum || value.length > maximum) {
      throw wrong(this.#at(name), `an array of ${minimum} to ${maximum} items`);
    }
    return value;
  }

  #get(name: string): JsonValue {
    const value = this.#object[name];
    if (value === undefined) throw new EnclosError('CODEC_TRUNCATED', `${this.#at(name)} is missing.`);
    return value;
  }

  #at(name: string): string {
    return `${this.#path}.${name}`;
  }
}

/** 2025-06-19T10:56:11Z: the form of dates in Intel's JSON and in our verdicts. */
export function isoSeconds(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function wrong(path: string, expected: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `${path} is not ${expected}.`);
}
