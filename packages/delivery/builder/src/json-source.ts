import type { ErrorCode } from '@enclos/errors';
import { diagnosticAt, type Span } from '@enclos/diagnostics';

import { BuildError } from './diagnostic.ts';

export type JsonPath = readonly PropertyKey[];

/** A parsed JSON text that remembers where each key and value stood. */
export interface JsonSource {
  readonly value: unknown;
  /** The value at `path`; for a path that is absent, its nearest existing ancestor. */
  locate(path: JsonPath): Span;
  /** The key that ends `path`, with its quotes; where the key is absent, as `locate`. */
  locateKey(path: JsonPath): Span;
}

interface Located {
  readonly span: Span;
  readonly key?: Span;
}

const maxDepth = 32;
const whitespace = /[ \t\n\r]*/y;
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- RFC 8259 section 7 forbids them inside a string
const stringToken = /"(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const literals: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** Without a prototype, so that the key "__proto__" is a key like any other. */
function nullObject(): Record<string, unknown> {
  // TypeScript knows no type for an object without a prototype.
  return Object.create(null) as Record<string, unknown>;
}

class SyntaxFault extends Error {
  readonly span: Span;
  constructor(text: string, span: Span) {
    super(text);
    this.span = span;
  }
}

function pathKey(path: JsonPath): string {
  return JSON.stringify(path.map(String));
}

/**
 * RFC 8259, and stricter where an authoring file gains by it: a repeated key is
 * an error. Hand-written because `JSON.parse` tells no positions.
 */
class JsonParser {
  readonly places = new Map<string, Located>();
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): unknown {
    const result = this.#value([]);
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('Text follows the end of the JSON value.');
    return result;
  }

  #fail(message: string, start = this.#at, end = start + 1): never {
    throw new SyntaxFault(message, { start, end });
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skipSpace(): void {
    this.#match(whitespace);
  }

  /** Takes `character` after white space, if it comes next. */
  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string, where: string): void {
    if (!this.#take(character)) this.#fail(`Expected "${character}" ${where}.`);
  }

  #string(what: string): string {
    const start = this.#at;
    const token = this.#match(stringToken);
    if (token !== undefined) return String(JSON.parse(token));
    if (this.#text[start] === '"') this.#fail('This string does not end on its line, or holds an invalid escape.');
    return this.#fail(`Expected ${what}.`);
  }

  #object(path: JsonPath): unknown {
    const result = nullObject();
    if (this.#take('}')) return result;
    do {
      this.#skipSpace();
      const start = this.#at;
      const name = this.#string('a key in double quotes');
      const key = { start, end: this.#at };
      if (Object.hasOwn(result, name)) this.#fail(`The key "${name}" is repeated.`, key.start, key.end);
      this.#expect(':', 'after the key');
      result[name] = this.#value([...path, name], key);
    } while (this.#take(','));
    this.#expect('}', 'or "," here');
    return result;
  }

  #array(path: JsonPath): unknown {
    const result: unknown[] = [];
    if (this.#take(']')) return result;
    do {
      result.push(this.#value([...path, result.length]));
    } while (this.#take(','));
    this.#expect(']', 'or "," here');
    return result;
  }

  #scalar(): unknown {
    if (this.#text[this.#at] === '"') return this.#string('a string');
    for (const [name, result] of literals) {
      if (this.#text.startsWith(name, this.#at)) {
        this.#at += name.length;
        return result;
      }
    }
    const start = this.#at;
    const token = this.#match(numberToken);
    if (token === undefined) {
      return this.#fail(start >= this.#text.length ? 'The file ends too early.' : 'Expected a JSON value.');
    }
    const result = Number(token);
    return Number.isFinite(result) ? result : this.#fail('This number is too large.', start, this.#at);
  }

  #value(path: JsonPath, key?: Span): unknown {
    this.#skipSpace();
    if (path.length > maxDepth) this.#fail(`Nested deeper than ${maxDepth} levels.`);
    const start = this.#at;
    const result = this.#take('{') ? this.#object(path) : this.#take('[') ? this.#array(path) : this.#scalar();
    const span = { start, end: this.#at };
    this.places.set(pathKey(path), key === undefined ? { span } : { span, key });
    return result;
  }
}

/**
 * Parses JSON and keeps positions.
 * @throws an error of `code` with one diagnostic at the first syntax error.
 */
export function parseJsonSource(file: string, text: string, code: ErrorCode = 'BUILD_MANIFEST_INVALID'): JsonSource {
  try {
    const parser = new JsonParser(text);
    const value = parser.parse();
    const { places } = parser;
    const nearest = (path: JsonPath): Located => {
      for (let length = path.length; length > 0; length--) {
        const found = places.get(pathKey(path.slice(0, length)));
        if (found !== undefined) return found;
      }
      return places.get(pathKey([])) ?? { span: { start: 0, end: 1 } };
    };
    return Object.freeze({
      value,
      locate: (path: JsonPath) => nearest(path).span,
      locateKey: (path: JsonPath) => places.get(pathKey(path))?.key ?? nearest(path).span,
    });
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    const diagnostic = diagnosticAt({ file, text }, error.span, { code, text: error.message });
    throw new BuildError(code, `${file}: ${error.message}`, [diagnostic]);
  }
}
