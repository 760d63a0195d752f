import type { JsonSpan } from './cursor.ts';
import { JsonScanner } from './scanner.ts';

/** Where a member of an object, or an item of an array, lies in the text. */
export interface JsonPlace {
  /** Or the index of an item. */
  readonly name: string;
  readonly span: JsonSpan;
  /** The span of a member's name, with its quotes. */
  readonly key?: JsonSpan;
}

/**
 * The places of the members of the object or array at `at`; none for any other value. They are found only on request: most
 * texts have no mistakes to show.
 *
 * @param text a text that was already parsed.
 */
export function places(text: string, at: number): readonly JsonPlace[] {
  const scanner = new JsonScanner(text);
  scanner.at = at;
  const found: JsonPlace[] = [];
  const isObject = scanner.take('{');
  if (!isObject && !scanner.take('[')) return found;
  const next = isObject ? () => member(scanner) : () => ({ name: String(found.length), span: valueSpan(scanner) });
  if (scanner.take(isObject ? '}' : ']')) return found;
  do found.push(next());
  while (scanner.take(','));
  return found;
}

function member(scanner: JsonScanner): JsonPlace {
  scanner.space();
  const start = scanner.at;
  const name = scanner.string('a key in double quotes');
  const key = { start, end: scanner.at };
  scanner.need(':', 'after the key');
  return { name, key, span: valueSpan(scanner) };
}

function valueSpan(scanner: JsonScanner): JsonSpan {
  scanner.space();
  const start = scanner.at;
  scanner.value();
  return { start, end: scanner.at };
}
