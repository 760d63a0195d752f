/**
 * The grammar of an interface, read from its canonical description (`Interface.describe()`), which
 * is what both sides hash. Independent of the codec that it describes.
 */
export type Shape =
  | { readonly kind: 'integer'; readonly sizeBytes: number }
  | { readonly kind: 'boolean' | 'float64' | 'nothing' }
  | { readonly kind: 'bigint'; readonly maxBytes: number }
  | { readonly kind: 'exact'; readonly sizeBytes: number }
  | { readonly kind: 'bytes' | 'string'; readonly min: number; readonly max: number }
  | { readonly kind: 'array'; readonly item: Shape; readonly min: number; readonly max: number }
  | { readonly kind: 'record'; readonly fields: readonly Shape[] }
  | { readonly kind: 'option'; readonly item: Shape }
  | { readonly kind: 'union'; readonly variants: readonly Shape[] }
  | { readonly kind: 'enumeration'; readonly count: number };

export interface FunctionShape {
  readonly name: string;
  readonly index: number;
  readonly parameters: Shape;
  readonly result: Shape;
  /** The longest arguments and the longest result. */
  readonly maxParameterBytes: number;
  readonly maxResultBytes: number;
}

export interface InterfaceShape {
  readonly trusted: readonly FunctionShape[];
  readonly untrusted: readonly FunctionShape[];
}

/** @throws Error for a description of another form. */
export function readInterface(description: string): InterfaceShape {
  const sides = { trusted: [] as FunctionShape[], untrusted: [] as FunctionShape[] };
  for (const line of description.split('\n')) {
    const match = /^(trusted|untrusted) (\d+) (\w+) (.*)$/.exec(line);
    const [, side, index, name = '', shapes = ''] = match ?? [];
    if (side !== 'trusted' && side !== 'untrusted') continue;
    const reader = new Reader(shapes);
    const parameters = reader.shape();
    reader.expect(' ');
    const result = reader.shape();
    reader.end();
    sides[side].push({
      name,
      index: Number(index),
      parameters,
      result,
      maxParameterBytes: maxBytes(parameters),
      maxResultBytes: maxBytes(result),
    });
  }
  return sides;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  expect(text: string): void {
    if (!this.#text.startsWith(text, this.#at)) throw new Error(`No "${text}" at ${this.#at} of ${this.#text}.`);
    this.#at += text.length;
  }

  end(): void {
    if (this.#at !== this.#text.length) throw new Error(`Something after ${this.#at} of ${this.#text}.`);
  }

  shape(): Shape {
    const word = this.#match(/\w+/y);
    const integer = /^u?int(8|16|32|64)$/.exec(word);
    if (integer !== null) return { kind: 'integer', sizeBytes: Number(integer[1]) / 8 };
    switch (word) {
      case 'boolean':
      case 'float64':
      case 'nothing':
        return { kind: word };
      case 'bigint':
        return { kind: word, maxBytes: Number(this.#match(/\((\d+)\)/y)) };
      case 'bytes':
      case 'string':
        return this.#sized(word);
      case 'array':
        return this.#array();
      case 'option':
        return { kind: word, item: this.#enclosed('(', ')', () => this.shape()) };
      case 'record':
        return { kind: word, fields: this.#members() };
      case 'union':
        this.#match(/ \w+/y);
        return { kind: word, variants: this.#members() };
      case 'enumeration':
        return { kind: word, count: this.#match(/\(([^)]*)\)/y).split(',').length };
      default:
        throw new Error(`An unknown type ${word}.`);
    }
  }

  #sized(kind: 'bytes' | 'string'): Shape {
    const bounds = this.#match(/\(([\d.]+)\)/y);
    const [min, max] = bounds.split('..').map(Number);
    if (min === undefined) throw new Error('No bounds.');
    return max === undefined ? { kind: 'exact', sizeBytes: min } : { kind, min, max };
  }

  #array(): Shape {
    return this.#enclosed('(', ')', () => {
      const item = this.shape();
      const [min = 0, max = 0] = this.#match(/,(\d+\.\.\d+)/y)
        .split('..')
        .map(Number);
      return { kind: 'array', item, min, max };
    });
  }

  #members(): readonly Shape[] {
    return this.#enclosed('{', '}', () => {
      const members: Shape[] = [];
      while (this.#text[this.#at] !== '}') {
        this.#match(/,?[^:]+:/y);
        members.push(this.shape());
      }
      return members;
    });
  }

  #enclosed<T>(open: string, close: string, read: () => T): T {
    this.expect(open);
    const value = read();
    this.expect(close);
    return value;
  }

  /** The first group of the pattern, or all of it. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw new Error(`No ${pattern.source} at ${this.#at} of ${this.#text}.`);
    this.#at = pattern.lastIndex;
    return match[1] ?? match[0];
  }
}

export function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) count += 1;
  return count;
}

function maxBytes(shape: Shape): number {
  switch (shape.kind) {
    case 'integer':
    case 'exact':
      return shape.sizeBytes;
    case 'boolean':
      return 1;
    case 'float64':
      return 8;
    case 'nothing':
      return 0;
    case 'bigint':
      return varintBytes(2 * shape.maxBytes + 1) + shape.maxBytes;
    case 'bytes':
    case 'string':
      return varintBytes(shape.max) + shape.max;
    case 'array':
      return varintBytes(shape.max) + shape.max * maxBytes(shape.item);
    case 'record':
      return shape.fields.reduce((sum, field) => sum + maxBytes(field), 0);
    case 'option':
      return 1 + maxBytes(shape.item);
    case 'union':
      return varintBytes(shape.variants.length - 1) + Math.max(...shape.variants.map(maxBytes));
    case 'enumeration':
      return varintBytes(shape.count - 1);
  }
}
