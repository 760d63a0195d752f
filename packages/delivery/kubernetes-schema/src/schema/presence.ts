import { presenceTable } from './presence-table.ts';
import { linesOf } from './table.ts';
import { typeOf } from './types.ts';

/** Which fields of a type may not be missing. */
export interface Presence {
  /** May not be missing, null or empty. */
  readonly required: readonly string[];
  /** Are there also where they are not written. */
  readonly always: ReadonlySet<string>;
}

const lines = linesOf(presenceTable);
const found = new Map<string, Presence>();

/** For a type of the table of fields. */
export function presenceOf(type: string): Presence {
  const known = found.get(type);
  if (known !== undefined) return known;
  const words = lines.get(type) ?? [];
  const marked = (mark: string): ReadonlySet<string> =>
    new Set(words.filter((word) => word.endsWith(mark)).map((word) => word.slice(0, -1)));
  const [always, optional] = [marked('+'), marked('?')];
  const own = words.filter((word) => !/[+?]$/.test(word));
  const listed = (typeOf(type)?.required ?? []).filter((name) => !always.has(name) && !optional.has(name));
  const presence = { required: [...new Set([...listed, ...own])], always };
  found.set(type, presence);
  return presence;
}

/** Every type that has a line, with the fields that it names, for a test that walks them all. */
export function presenceLines(): readonly (readonly [type: string, fields: readonly string[]])[] {
  return [...lines].map(([type, words]) => [type, words.map((word) => word.replace(/[+?]$/, ''))] as const);
}
