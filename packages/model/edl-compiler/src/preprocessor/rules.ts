import type { Rule } from '../findings/rule.ts';

const both = ['oe', 'intel'] as const;
const preprocessorFailed = (): string => 'Preprocessor failed';

/**
 * What may break in directives. Open Enclave's compiler has its own four; Intel's gives the file to `gcc -E`, and says of its
 * errors only that they were there.
 */
export const directiveRules = {
  /** Words: the directive. */
  unknownToOe: {
    code: 'edl-directive-dialect',
    dialects: ['oe'],
    text: (directive) => `Open Enclave's compiler does not know the directive "#${directive}".`,
    oe: (directive) => `unsupported directive ${directive}`,
    hint: () => 'only #ifdef, #ifndef, #else and #endif',
  },
  /** Words: the directive. */
  unknown: {
    code: 'edl-directive-unknown',
    dialects: both,
    text: (directive) => `"#${directive}" is not a directive of EDL files.`,
    oe: (directive) => `unsupported directive ${directive}`,
    intel: preprocessorFailed,
    hint: () => 'nothing',
  },
  /** Words: the directive. Passed through by gcc, so that Intel's lexer meets the number sign. */
  passedThrough: {
    code: 'edl-directive-passed-through',
    dialects: both,
    text: (directive) => `"#${directive}" is not allowed in EDL files.`,
    oe: (directive) => `unsupported directive ${directive}`,
    intel: () => 'Invalid token: #',
    hint: () => 'nothing',
  },
  notFirst: {
    code: 'edl-directive-in-line',
    dialects: ['intel'],
    text: () => 'A directive stands first on its line.',
    intel: () => 'Invalid token: #',
    hint: () => 'a new line',
  },
  hidden: {
    code: 'edl-directive-hidden',
    dialects: both,
    text: () => "Open Enclave's compiler obeys this directive, and Intel's does not see it.",
    hint: () => 'a new line',
  },
  headerText: {
    code: 'edl-directive-include',
    dialects: both,
    text: () => 'Enclos does not follow "#include" in an EDL file.',
    oe: () => 'unsupported directive include',
    hint: () => 'include "x.h" inside the enclave for a C header, or an import of another EDL file',
  },
  /** Words: the directive. */
  noName: {
    code: 'edl-directive-name',
    dialects: both,
    text: (directive) => `"#${directive}" needs a name.`,
    intel: preprocessorFailed,
  },
  /** Words: the directive. gcc warns of "extra tokens", and Intel's compiler does not show what gcc says. */
  extraText: {
    code: 'edl-directive-extra-text',
    dialects: ['intel'],
    severity: 'warning',
    family: 'ignored-text',
    text: (directive) =>
      `Intel's compiler ignores the text after "#${directive}" on its line. For Open Enclave's it is text of the file.`,
    hint: () => 'the next line, or a comment',
  },
  /** Words: the directive. */
  noConditional: {
    code: 'edl-directive-unmatched',
    dialects: both,
    text: (directive) => `"#${directive}" has no conditional before it that it could belong to.`,
    oe: (directive) =>
      directive === 'endif' ? 'no previous #ifdef, #ifndef, or #else' : 'no previous #ifdef or #ifndef',
    intel: preprocessorFailed,
  },
  openConditional: {
    code: 'edl-conditional-open',
    dialects: both,
    text: () => 'This conditional has no "#endif".',
    oe: () => 'unterminated #ifdef or #ifndef',
    intel: preprocessorFailed,
  },
  conditionalAroundEnclave: {
    code: 'edl-conditional-around-enclave',
    dialects: ['oe'],
    text: () => 'This conditional is still open where the enclave ends.',
    oe: () => 'unterminated #ifdef or #ifndef',
    hint: () => 'the conditional inside the enclave',
  },
  tooDeep: {
    code: 'edl-conditional-depth',
    dialects: both,
    text: () => 'Conditionals are nested too deeply.',
    hint: () => 'fewer than 64 inside one another',
  },
  /** Words: what is wrong. */
  condition: {
    code: 'edl-condition',
    dialects: both,
    text: (problem) => `The condition cannot be decided: ${problem}.`,
    intel: preprocessorFailed,
    hint: () => 'integers, defined(NAME), ! && || + - * comparisons and parentheses',
  },
  /** Words: the macro. */
  macroWithParameters: {
    code: 'edl-macro-parameters',
    dialects: both,
    text: (name) => `The macro "${name}" has parameters, which is not supported.`,
    oe: () => 'unsupported directive define',
    hint: () => 'what it stands for',
  },
  /** Words: the macro. */
  pastedTokens: {
    code: 'edl-macro-paste',
    dialects: both,
    text: (name) => `The macro "${name}" joins tokens by "##", which is not supported.`,
    oe: () => 'unsupported directive define',
    hint: () => 'the joined name',
  },
  /** Words: the text of the directive. */
  error: {
    code: 'edl-directive-error',
    dialects: both,
    text: (message) =>
      `The file says that it cannot be compiled so: ${message === '' ? 'it gives no reason' : message}.`,
    oe: () => 'unsupported directive error',
    intel: preprocessorFailed,
  },
} as const satisfies Readonly<Record<string, Rule>>;
