import type { View } from './view.ts';
import type { Span } from '../yaml/node.ts';

/** What the API server refuses in the fields of an object together, by the name of its type. */
export type TypeRules = Readonly<Record<string, (view: View) => void>>;

/** Reports each key that has been there before; an empty one is a missing field. */
export function checkUnique(
  view: View,
  items: readonly { readonly key: string; readonly span: Span }[],
  words: (key: string) => string,
): void {
  const seen = new Set<string>();
  for (const { key, span } of items) {
    if (key === '') continue;
    if (seen.has(key)) view.repeated(span, words(key));
    seen.add(key);
  }
}

/** Each of these fields that is there is reported. */
export function forbid(view: View, names: readonly string[], words: string, fix?: string): void {
  for (const name of names) if (view.has(name)) view.conflict(name, words, fix ?? `Remove "${name}".`);
}
