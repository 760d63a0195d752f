import type { EnclosError } from '@enclos/errors';
import { tokenError } from './errors.ts';
import type { JsonValue } from './signer.ts';

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
  const parts: string[] = [];
  let length = 0;
  const write = (part: string): void => {
    length += part.length;
    if (length > maximumLength) throw tooLarge(`over ${maximumLength} characters`);
    parts.push(part);
  };
  writeValue(value, write, 0);
  return parts.join('');
}

function writeValue(value: JsonValue, write: (part: string) => void, depth: number): void {
  if (depth > maximumDepth) throw tooLarge(`nested deeper than ${maximumDepth}`);
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('A number that JSON cannot write.');
    write(JSON.stringify(value));
  } else if (isArray(value)) {
    writeList(value, write, (item) => writeValue(item, write, depth + 1));
  } else {
    const names = Object.keys(value).sort();
    write('{');
    for (const [index, name] of names.entries()) {
      write(`${index === 0 ? '' : ','}${JSON.stringify(name)}:`);
      // A name of the object itself.
      writeValue(value[name] ?? null, write, depth + 1);
    }
    write('}');
  }
}

function writeList<T>(items: readonly T[], write: (part: string) => void, writeItem: (item: T) => void): void {
  write('[');
  for (const [index, item] of items.entries()) {
    if (index > 0) write(',');
    writeItem(item);
  }
  write(']');
}

/** Array.isArray does not narrow a readonly array. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function tooLarge(how: string): EnclosError {
  return tokenError('ATTESTATION_TOKEN_TOO_LARGE', `The claims of a token are ${how}.`);
}
