import { isLabelName } from '../forms/names.ts';
import type { TextItem, View } from './view.ts';

/** What the API server refuses in the fields of an object together, by the name of its type. */
export type TypeRules = Readonly<Record<string, (view: View) => void>>;

/** What a field of each object says, with its place, as checkUnique() takes it. */
export function keysIn(objects: readonly View[], field: string): readonly TextItem[] {
  return objects.map((object) => ({ text: object.text(field), span: object.valueSpan(field) }));
}

/** Reports each text that has been there before; an empty one is a missing field. */
export function checkUnique(view: View, items: readonly TextItem[], words: (text: string) => string): void {
  const seen = new Set<string>();
  for (const { text, span } of items) {
    if (text === '') continue;
    if (seen.has(text)) view.repeated(span, words(text));
    seen.add(text);
  }
}

/** Each of these fields that is there is reported. */
export function forbid(view: View, names: readonly string[], words: string, fix?: string): void {
  for (const name of names) if (view.has(name)) view.conflict(name, words, fix ?? `Remove "${name}".`);
}

/**
 * Reports an object that has neither or both of two fields.
 * @param isThere whether a field counts; without it, one that is not null
 */
export function checkEither(
  view: View,
  names: readonly [string, string],
  isThere = (name: string): boolean => view.has(name),
): void {
  const there = names.filter(isThere);
  if (there.length === 1) return;
  const words = there.length === 0 ? `none of ${names.join(', ')}` : names.join(' and ');
  view.report('K8S_ONE_OF', view.span, `${view.path} has ${words}`, `Write one of ${names.join(', ')}.`);
}

/** Names of containers and volumes. */
export function checkLabelName(view: View, what: string): void {
  const name = view.text('name');
  if (name === '' || isLabelName(name)) return;
  view.report('K8S_NAME_INVALID', view.valueSpan('name'), `"${name.slice(0, 100)}" is not a name of ${what}`);
}
