import { isJsonArray, type JsonValue } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';

const maximumDepth = 40;
const maximumLength = 1_048_576;

/**
 * JSON with the members of every object in the order of their names by UTF-16 code units, and no white space: one text
 * for one value (as RFC 8785, for the numbers that both write alike).
 *
 * @throws ATTESTATION_TOKEN_TOO_LARGE over 1 MiB of text, and for what nests deeper than 40.
 * @throws TypeError for a number that JSON cannot write.
 */
export function canonicalJson(value: JsonValue): string {
  return textOf(value, 0);
}

function textOf(value: JsonValue, depth: number): string {
  if (depth > maximumDepth) throw tooLarge(`nested deeper than ${maximumDepth}`);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('A number that JSON cannot write.');
  if (typeof value !== 'object' || value === null) return bounded(JSON.stringify(value));
  let text = '';
  if (isJsonArray(value)) {
    for (const item of value) text = bounded(`${text}${text === '' ? '' : ','}${textOf(item, depth + 1)}`);
    return `[${text}]`;
  }
  for (const { name, before } of membersOf(Object.keys(value))) {
    // A name of the object itself.
    const member = textOf(value[name] ?? null, depth + 1);
    text = bounded(`${text}${text === '' ? '' : ','}${before}${member}`);
  }
  return `{${text}}`;
}

interface Member {
  readonly name: string;
  /** The text before its value. */
  readonly before: string;
}

interface Members {
  /** As the object has them. */
  readonly names: readonly string[];
  /** In their order in a text. */
  readonly sorted: readonly Member[];
}

/** Objects with more members, or with longer names, are not remembered. */
const mostRemembered = 64;
const longestRemembered = 4096;
/** By how many members there are, the last ones: tokens of one service nearly all have the same, and to sort takes as long as all else. */
const remembered: (Members | undefined)[] = [];

function membersOf(names: readonly string[]): readonly Member[] {
  const known = remembered[names.length];
  if (known?.names.every((name, i) => name === names[i]) === true) return known.sorted;
  const sorted = names.toSorted().map((name) => ({ name, before: `${JSON.stringify(name)}:` }));
  const length = names.reduce((sum, name) => sum + name.length, 0);
  if (names.length <= mostRemembered && length <= longestRemembered) remembered[names.length] = { names, sorted };
  return sorted;
}

function bounded(text: string): string {
  if (text.length > maximumLength) throw tooLarge(`over ${maximumLength} characters`);
  return text;
}

function tooLarge(how: string): EnclosError {
  return new EnclosError('ATTESTATION_TOKEN_TOO_LARGE', `The claims of a token are ${how}.`);
}
