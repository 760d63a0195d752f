import type { BasicTypeName, CType } from '@enclos/edl-compiler';
import { basicForms } from './basic.ts';

/** A text longer than this is not a type that people write. */
const MAX_CHARACTERS = 200;
const MAX_LENGTH = 2 ** 31;

const token = /\s*(?:([A-Za-z_]\w*)|(\*)|\[\s*(\d{1,10})\s*\])/y;

/** Words of C for numbers, sorted, to the name of the model. A `signed` and an `int` beside another word say nothing more. */
const numbers: ReadonlyMap<string, BasicTypeName> = new Map([
  ['char', 'char'],
  ['char signed', 'int8_t'],
  ['char unsigned', 'unsigned char'],
  ['short', 'short'],
  ['short unsigned', 'unsigned short'],
  ['', 'int'],
  ['unsigned', 'unsigned int'],
  ['long', 'long'],
  ['long unsigned', 'unsigned long'],
  ['long long', 'long long'],
  ['long long unsigned', 'unsigned long long'],
  ['double', 'double'],
  ['double long', 'long double'],
]);

const numberWords = new Set(['char', 'short', 'int', 'long', 'signed', 'unsigned', 'double']);

/**
 * Reads what stands for a type in a `typedef` of C: `uint32_t`, `unsigned long`, `struct point*`, `int[4]`, or the name of another
 * foreign type.
 *
 * @returns undefined when it is not a type of this form
 */
export function parseTypedef(text: string): CType | undefined {
  const parts = tokens(text);
  if (parts === undefined) return undefined;
  const words = parts.words.filter((word) => word !== 'const' && word !== 'volatile');
  const base = baseType(words);
  if (base === undefined) return undefined;
  let type = base;
  for (let i = 0; i < parts.pointers; i++) type = { kind: 'pointer', to: type, isConst: false };
  for (const length of parts.dimensions.toReversed()) type = { kind: 'array', of: type, length };
  return type;
}

interface TypedefParts {
  readonly words: readonly string[];
  readonly pointers: number;
  readonly dimensions: readonly number[];
}

/** Words, then asterisks, then dimensions. `char* const` is read, too. */
function tokens(text: string): TypedefParts | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const source = text.trimEnd();
  const words: string[] = [];
  const dimensions: number[] = [];
  let pointers = 0;
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const found = token.exec(source);
    if (found === null) return undefined;
    const [, word, asterisk, digits] = found;
    if (word !== undefined) {
      if (dimensions.length > 0 || (pointers > 0 && word !== 'const')) return undefined;
      words.push(word);
    } else if (asterisk !== undefined) {
      if (dimensions.length > 0 || words.length === 0) return undefined;
      pointers++;
    } else {
      const length = Number(digits);
      if (length < 1 || length > MAX_LENGTH) return undefined;
      dimensions.push(length);
    }
  }
  return { words, pointers, dimensions };
}

function baseType(words: readonly string[]): CType | undefined {
  const [first, second] = words;
  if (first === undefined) return undefined;
  if (first === 'struct' || first === 'union' || first === 'enum') {
    return second !== undefined && words.length === 2 ? { kind: first, name: second } : undefined;
  }
  if (words.every((word) => numberWords.has(word))) return numberType(words);
  if (words.length !== 1) return undefined;
  if (first === '_Bool') return { kind: 'basic', name: 'bool' };
  return isBasicName(first) ? { kind: 'basic', name: first } : { kind: 'foreign', name: first };
}

function numberType(words: readonly string[]): CType | undefined {
  const isChar = words.includes('char');
  const said = words.filter((word) => word !== 'int' && (isChar || word !== 'signed')).toSorted();
  if (words.filter((word) => word === 'int').length > 1 || (isChar && words.includes('int'))) return undefined;
  if (words.includes('signed') && words.includes('unsigned')) return undefined;
  const name = numbers.get(said.join(' '));
  return name === undefined ? undefined : { kind: 'basic', name };
}

function isBasicName(name: string): name is BasicTypeName {
  return Object.hasOwn(basicForms, name);
}
