import type { Rule } from '../findings/rule.ts';

const both = ['oe', 'intel'] as const;
const preprocessorFailed = (): string => 'Preprocessor failed';

/** What may break below the grammar. */
export const lexicalRules = {
  /** Words: the character. */
  unknownCharacter: {
    code: 'edl-unknown-character',
    dialects: both,
    text: (character) => `The language has no use for the character "${character}".`,
    oe: (character) => `Unexpected token at ${character.slice(0, 1)}`,
    intel: (character) => (character === '.' ? 'unexpected token: .' : `Invalid token: ${character.slice(0, 1)}`),
    hint: (character) => (character === "'" ? 'use double quotation marks, for names of files' : 'remove it'),
  },
  formFeed: {
    code: 'edl-form-feed',
    dialects: ['oe'],
    text: () => 'A form feed is not white space in this language.',
    oe: () => 'Unexpected token at \f',
    hint: () => 'remove it',
  },
  byteOrderMark: {
    code: 'edl-byte-order-mark',
    dialects: ['oe'],
    text: () => 'The file begins with a byte order mark.',
    oe: () => 'Unexpected token at \u00EF',
    hint: () => 'save the file as UTF-8 without one',
  },
  openString: {
    code: 'edl-open-string',
    dialects: both,
    text: () => 'This string does not end on its line.',
    oe: () => 'expecting "',
    hint: () => 'close it with a double quotation mark',
  },
  openComment: {
    code: 'edl-open-comment',
    dialects: both,
    text: () => 'This comment does not end.',
    oe: () => 'EOF while looking for */',
    intel: preprocessorFailed,
    hint: () => 'close it with */',
  },
  continuedLine: {
    code: 'edl-continued-line',
    dialects: ['oe'],
    text: () => 'A backslash joins this line with the next.',
    oe: () => 'Unexpected token at \\',
    hint: () => 'write one line',
  },
  continuedComment: {
    code: 'edl-continued-comment',
    dialects: both,
    text: () =>
      "This comment ends with a backslash: for Intel's compiler the next line belongs to it, for Open Enclave's not.",
    hint: () => 'end the comment with another character',
  },
  tooManyTokens: {
    code: 'edl-too-many-tokens',
    dialects: both,
    text: () => 'The file, with what it imports and what its macros stand for, is too large to be an interface.',
    hint: () => 'look for a macro that repeats itself, or split the interface',
  },
} as const satisfies Readonly<Record<string, Rule>>;
