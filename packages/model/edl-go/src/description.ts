import '@enclos/edl';
import { EnclosError } from '@enclos/errors';

/** A type of an interface, as its canonical description says it. */
export type DescribedType =
  | { readonly kind: FixedKind }
  | { readonly kind: 'bigint'; readonly max: number }
  | { readonly kind: 'string' | 'bytes'; readonly min: number; readonly max: number }
  | { readonly kind: 'exact'; readonly count: number }
  | { readonly kind: 'array'; readonly item: DescribedType; readonly min: number; readonly max: number }
  | { readonly kind: 'option'; readonly some: DescribedType }
  | DescribedRecord
  | { readonly kind: 'union'; readonly tag: string; readonly variants: readonly Member<DescribedRecord>[] }
  | { readonly kind: 'enumeration'; readonly labels: readonly string[] };

export interface DescribedRecord {
  readonly kind: 'record';
  readonly fields: readonly Member<DescribedType>[];
}

export interface Member<T> {
  readonly name: string;
  readonly type: T;
}

export interface DescribedFunction {
  readonly name: string;
  readonly parameters: DescribedRecord;
  readonly result: DescribedType;
}

export interface DescribedInterface {
  readonly name: string;
  readonly trusted: readonly DescribedFunction[];
  readonly untrusted: readonly DescribedFunction[];
}

const fixedKinds = [
  'boolean',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'int8',
  'int16',
  'int32',
  'int64',
  'float64',
  'nothing',
] as const;
export type FixedKind = (typeof fixedKinds)[number];

/** @throws EDL_INVALID_INTERFACE for a text that no interface has. */
export function readDescription(text: string): DescribedInterface {
  const [version, name = '', ...lines] = text.split('\n');
  if (version !== 'enclos interface 1' || lines.pop() !== '') throw unreadable('its first or its last line');
  const sides = { trusted: [] as DescribedFunction[], untrusted: [] as DescribedFunction[] };
  for (const line of lines) {
    const cursor = new Cursor(line);
    const side = cursor.word();
    if (side !== 'trusted' && side !== 'untrusted') throw unreadable(line);
    cursor.expect(' ');
    const index = Number(cursor.word());
    cursor.expect(' ');
    const functionName = cursor.word();
    cursor.expect(' ');
    const parameters = cursor.type();
    cursor.expect(' ');
    const result = cursor.type();
    cursor.end();
    if (parameters.kind !== 'record' || index !== sides[side].length) throw unreadable(line);
    sides[side].push({ name: functionName, parameters, result });
  }
  return { name, ...sides };
}

function unreadable(where: string): EnclosError {
  return new EnclosError('EDL_INVALID_INTERFACE', `The description of the interface cannot be read: ${where}.`);
}

class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  word(): string {
    return this.#match(/[A-Za-z0-9_.-]+/y);
  }

  expect(text: string): void {
    if (!this.#take(text)) throw this.#failure();
  }

  end(): void {
    if (this.#at !== this.#text.length) throw this.#failure();
  }

  type(): DescribedType {
    const kind = this.#match(/[a-z0-9]+/y);
    const fixed = fixedKinds.find((known) => known === kind);
    if (fixed !== undefined) return { kind: fixed };
    switch (kind) {
      case 'record':
        return this.#record();
      case 'union':
        return this.#union();
      case 'enumeration':
        return { kind, labels: this.#within('(', ')', () => this.#list(() => this.word())) };
      case 'option':
        return { kind, some: this.#within('(', ')', () => this.type()) };
      case 'bigint':
        return { kind, max: this.#within('(', ')', () => this.#number()) };
      case 'string':
        return { kind, ...this.#within('(', ')', () => this.#range()) };
      case 'bytes':
        return this.#within('(', ')', () => this.#bytes());
      case 'array':
        return this.#within('(', ')', () => this.#array());
      default:
        throw this.#failure();
    }
  }

  #record(): DescribedRecord {
    return { kind: 'record', fields: this.#within('{', '}', () => this.#members(() => this.type())) };
  }

  #union(): DescribedType {
    this.expect(' ');
    const tag = this.word();
    const variant = (): DescribedRecord => {
      this.expect('record');
      return this.#record();
    };
    return { kind: 'union', tag, variants: this.#within('{', '}', () => this.#members(variant)) };
  }

  #bytes(): DescribedType {
    const count = this.#number();
    return this.#take('..') ? { kind: 'bytes', min: count, max: this.#number() } : { kind: 'exact', count };
  }

  #array(): DescribedType {
    const item = this.type();
    this.expect(',');
    return { kind: 'array', item, ...this.#range() };
  }

  #range(): { readonly min: number; readonly max: number } {
    const min = this.#number();
    this.expect('..');
    return { min, max: this.#number() };
  }

  #members<T>(type: () => T): readonly Member<T>[] {
    if (this.#text[this.#at] === '}') return [];
    return this.#list(() => {
      const name = this.word();
      this.expect(':');
      return { name, type: type() };
    });
  }

  #list<T>(item: () => T): readonly T[] {
    const items = [item()];
    while (this.#take(',')) items.push(item());
    return items;
  }

  #within<T>(open: string, close: string, inner: () => T): T {
    this.expect(open);
    const value = inner();
    this.expect(close);
    return value;
  }

  #number(): number {
    return Number(this.#match(/\d+/y));
  }

  #take(text: string): boolean {
    const isThere = this.#text.startsWith(text, this.#at);
    if (isThere) this.#at += text.length;
    return isThere;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw this.#failure();
    this.#at += found.length;
    return found;
  }

  #failure(): EnclosError {
    return unreadable(`column ${this.#at + 1} of "${this.#text.slice(0, 80)}"`);
  }
}
