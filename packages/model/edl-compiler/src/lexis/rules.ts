import type { Rule } from '../findings/rule.ts';

const both = ['oe', 'intel'] as const;
const preprocessorFailed = (): string => 'Preprocessor failed';

/** What to write for what C and C++ have, and EDL has not. */
const insteadOf: Readonly<Record<string, string>> = {
  "'": 'double quotation marks, for names of files',
  ':': 'types of C, such as [in, string] const char* for text',
  '&': 'a pointer, such as [in] int*',
  '-': 'a number that is not negative',
  '<': 'types of C, without templates',
  '>': 'types of C, without templates',
  '+': 'one number or one name',
  '/': 'one number or one name',
};

/** Operators of two characters are read as one; the compilers see the first. */
function firstOf(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 0);
}

/** What may break below the grammar. */
export const lexicalRules = {
  /** Words: the character. */
  unknownCharacter: {
    code: 'edl-unknown-character',
    dialects: both,
    text: (character) => `EDL has no use for "${character}".`,
    oe: (character) => `Unexpected token at ${firstOf(character)}`,
    intel: (character) => (character === '.' ? 'unexpected token: .' : `Invalid token: ${firstOf(character)}`),
    hint: (character) => insteadOf[character] ?? 'a name, or nothing',
  },
  /** Words: the character. */
  leftOutCharacter: {
    code: 'edl-left-out-character',
    dialects: ['oe'],
    text: (character) =>
      `Open Enclave's compiler has no use for the character "${character}", even where a conditional leaves it out.`,
    oe: (character) => `Unexpected token at ${firstOf(character)}`,
    hint: () => 'a comment around it',
  },
  formFeed: {
    code: 'edl-form-feed',
    dialects: ['oe'],
    text: () => 'A form feed is not white space in this language.',
    oe: () => 'Unexpected token at \f',
    hint: () => 'nothing',
  },
  byteOrderMark: {
    code: 'edl-byte-order-mark',
    dialects: ['oe'],
    text: () => 'The file begins with a byte order mark.',
    oe: () => 'Unexpected token at \u00EF',
    hint: () => 'UTF-8 without a byte order mark',
  },
  openString: {
    code: 'edl-open-string',
    dialects: both,
    text: () => 'This string does not end on its line.',
    oe: () => 'expecting "',
    hint: () => 'a double quotation mark at its end',
  },
  openComment: {
    code: 'edl-open-comment',
    dialects: both,
    text: () => 'This comment does not end.',
    oe: () => 'EOF while looking for */',
    intel: preprocessorFailed,
    hint: () => '*/ at its end',
  },
  continuedLine: {
    code: 'edl-continued-line',
    dialects: ['oe'],
    text: () => 'A backslash joins this line with the next.',
    oe: () => 'Unexpected token at \\',
    hint: () => 'one line',
  },
  continuedComment: {
    code: 'edl-continued-comment',
    dialects: both,
    text: () =>
      "This comment ends with a backslash: for Intel's compiler the next line belongs to it, for Open Enclave's not.",
    hint: () => 'a comment that ends with another character',
  },
  tooManyTokens: {
    code: 'edl-too-many-tokens',
    dialects: both,
    text: () => 'The file, with what it imports and what its macros stand for, is too large to be an interface.',
    hint: () => 'several files, or fewer macros',
  },
} as const satisfies Readonly<Record<string, Rule>>;
