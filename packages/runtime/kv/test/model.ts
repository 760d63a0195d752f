import { utf8 } from '@enclos/codec';
import type { KvMap, KvTransaction } from '@enclos/kv';

export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** A value as text. */
export function textAt(map: KvMap, key: string): string | undefined {
  const value = map.get(utf8(key));
  return value && textOf(value);
}

export const setText = (map: KvMap, key: string, value: string): void => map.set(utf8(key), utf8(value));

/** What a map holds, sorted. */
export function entriesOf(map: KvMap): readonly (readonly [key: string, value: string])[] {
  const entries: [string, string][] = [];
  map.forEach((value, key) => void entries.push([textOf(key), textOf(value)]));
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** A step of a transaction. What it reads goes into what later steps write, so that a wrong read is seen in the state. */
export interface Step {
  readonly kind: 'get' | 'has' | 'set' | 'blind' | 'delete' | 'size' | 'list' | 'clear' | 'version';
  readonly map: string;
  readonly key: string;
  readonly text: string;
}

/** Runs a step on the store. @returns What it read. */
export function runStep(transaction: KvTransaction, { kind, map: name, key, text }: Step, heard: string): string {
  const map = transaction.map(name);
  if (kind === 'get') return `${textAt(map, key)}`;
  if (kind === 'has') return String(map.has(utf8(key)));
  if (kind === 'size') return String(map.size);
  if (kind === 'list') return JSON.stringify(entriesOf(map));
  if (kind === 'version') return `${map.versionOfPreviousWrite(utf8(key))}`;
  if (kind === 'set') setText(map, key, `${textAt(map, key)}`.slice(-5) + heard);
  if (kind === 'blind') setText(map, key, text);
  if (kind === 'delete') map.delete(utf8(key));
  if (kind === 'clear') map.clear();
  return '';
}

type ModelMap = ReadonlyMap<string, readonly [value: string, version: number]>;
/** A state as plain values. */
export type Model = ReadonlyMap<string, ModelMap>;

/** A transaction on plain values, as the only one there is. */
export class ModelTransaction {
  readonly now: Map<string, Map<string, readonly [string, number]>>;
  readonly #before: Model;
  readonly #seqno: number;

  constructor(before: Model, seqno: number) {
    this.now = new Map([...before].map(([name, map]) => [name, new Map(map)]));
    this.#before = before;
    this.#seqno = seqno;
  }

  /** The same as `runStep`. */
  run({ kind, map: name, key, text }: Step, heard: string): string {
    const map = this.now.get(name) ?? new Map<string, readonly [string, number]>();
    this.now.set(name, map);
    if (kind === 'get') return `${map.get(key)?.[0]}`;
    if (kind === 'has') return String(map.has(key));
    if (kind === 'size') return String(map.size);
    if (kind === 'list') {
      const entries = [...map].map(([at, [value]]) => [at, value] as const);
      return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }
    if (kind === 'version') return `${this.#before.get(name)?.get(key)?.[1]}`;
    if (kind === 'set') map.set(key, [`${map.get(key)?.[0]}`.slice(-5) + heard, this.#seqno]);
    if (kind === 'blind') map.set(key, [text, this.#seqno]);
    if (kind === 'delete') map.delete(key);
    if (kind === 'clear') map.clear();
    return '';
  }
}
