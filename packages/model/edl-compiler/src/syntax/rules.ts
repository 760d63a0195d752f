import type { Rule } from '../findings/rule.ts';

const both = ['oe', 'intel'] as const;
const unexpected = (token: string): string => `unexpected token: ${token}`;
/** How our own sentences name a token; the end of a file has no text. */
const named = (token: string): string => (token === '' ? 'the end of the file' : `"${token}"`);

/** What may break in the grammar. A word for a token is its text, and empty for the end of the file. */
export const syntaxRules = {
  /** Words: what is expected, the token that stands there, and what else could stand there. */
  expectedSymbol: {
    code: 'edl-expected',
    dialects: both,
    text: (symbol, got, other) =>
      `"${symbol}"${other === undefined ? '' : ` or "${other}"`} is expected here, not ${named(got ?? '')}.`,
    oe: (symbol, got) => `expecting ${symbol} got ${got}`,
    intel: (_symbol, got) => unexpected(got ?? ''),
  },
  /** Words: what the name is for, the token that stands there, what oeedger8r expects. */
  expectedName: {
    code: 'edl-expected-name',
    dialects: both,
    text: (role, got) => `The name of ${role} is expected here, not ${named(got ?? '')}.`,
    oe: (_role, _got, printed) => printed ?? '',
    intel: (_role, got) => unexpected(got ?? ''),
  },
  /** Words: the token that stands there. */
  expectedType: {
    code: 'edl-expected-type',
    dialects: both,
    text: (got) => `A type is expected here, not ${named(got)}.`,
    oe: (got) => `expecting typename, got ${got}`,
    intel: unexpected,
  },
  /** Words: the keyword before it, the token that stands there. */
  expectedFile: {
    code: 'edl-expected-file',
    dialects: both,
    text: (keyword, got) => `The name of a file in quotation marks follows "${keyword}", not ${named(got ?? '')}.`,
    oe: (keyword) => (keyword === 'include' ? 'expecting header filename' : 'expecting edl filename'),
    intel: (_keyword, got) => unexpected(got ?? ''),
  },
  /** Words: what it is for, the token that stands there, what oeedger8r expects. */
  expectedValue: {
    code: 'edl-expected-value',
    dialects: both,
    text: (role, got) => `A decimal integer or a name is expected as ${role}, not ${named(got ?? '')}.`,
    oe: (_role, _got, printed) => printed ?? '',
    intel: (_role, got) => unexpected(got ?? ''),
  },
  /** Words: the token. */
  unexpectedItem: {
    code: 'edl-unexpected-item',
    dialects: both,
    text: (got) => `${got === '' ? 'The file ends' : `"${got}" stands`} where only a part of an interface can stand.`,
    oe: (got) => `unexpected token ${got}`,
    intel: unexpected,
    hint: () => 'include, import, from, enum, struct, union, trusted or untrusted',
  },
  /** Words: the keyword of the statement. */
  extraSemicolon: {
    code: 'edl-extra-semicolon',
    dialects: both,
    text: (keyword) => `No semicolon follows ${keyword}.`,
    oe: () => 'unexpected token ;',
    intel: () => unexpected(';'),
    hint: () => 'no semicolon',
  },
  /** Words: the number as it is written, what of it is not a decimal integer. */
  integer: {
    code: 'edl-integer',
    dialects: both,
    text: (number) => `"${number}" is not a decimal integer.`,
    intel: (_number, rest) => unexpected(rest ?? ''),
    hint: () => 'decimal digits',
  },
  /** Words: the number. */
  leadingZero: {
    code: 'edl-integer-zero',
    dialects: both,
    text: (number) => `"${number}" is octal for users of Open Enclave's compiler, and decimal for Intel's.`,
    hint: () => 'the number without the zeros at its beginning',
  },
  /** Words: the number. */
  hugeInteger: {
    code: 'edl-integer-range',
    dialects: both,
    text: (number) => `${number} is too large for any size, count, length or value.`,
    intel: () => 'int_of_string',
    hint: () => 'at most 4611686018427387903',
  },
  noSemicolonAtEnd: {
    code: 'edl-enclave-semicolon',
    dialects: ['intel'],
    text: () => 'A semicolon follows the closing brace of the enclave.',
    intel: unexpected,
    hint: () => '};',
  },
  /** Words: the token. */
  afterEnclave: {
    code: 'edl-after-enclave',
    dialects: ['intel'],
    text: (got) => `The file holds one enclave, and nothing after it, but ${named(got)} follows.`,
    intel: unexpected,
    hint: () => 'nothing',
  },
  ignoredAfterEnclave: {
    code: 'edl-after-enclave-ignored',
    dialects: ['oe'],
    severity: 'warning',
    family: 'ignored-text',
    text: () => "Open Enclave's compiler ignores what follows the enclave.",
    hint: () => 'nothing after the enclave',
  },
  importStatement: {
    code: 'edl-import-statement',
    dialects: ['intel'],
    text: () => "Intel's compiler has no such statement.",
    intel: () => unexpected('import'),
    hint: () => 'from "FILE" import *;',
  },
  /** Words: the header. */
  includeInSection: {
    code: 'edl-include-in-section',
    dialects: ['oe'],
    text: () => "Open Enclave's compiler has no `include` inside a section.",
    oe: (header) => `expecting function name, got "${header}"`,
    hint: () => 'the same line before the section',
  },
  lateInclude: {
    code: 'edl-include-after-function',
    dialects: both,
    text: () => 'Includes stand before the first function of a section.',
    oe: (header) => `expecting function name, got "${header}"`,
    intel: () => unexpected('include'),
    hint: () => 'the same line before the functions',
  },
  /** Words: the token that closes the list. */
  trailingComma: {
    code: 'edl-trailing-comma',
    dialects: ['intel'],
    text: () => 'No comma stands after the last one.',
    intel: unexpected,
    hint: () => 'no comma',
  },
  /** Words: what the list holds, the token that closes it. */
  emptyList: {
    code: 'edl-empty-list',
    dialects: ['intel'],
    text: (role) => `At least one ${role} is needed here.`,
    intel: (_role, got) => unexpected(got ?? ''),
  },
  emptyAttributes: {
    code: 'edl-attributes-empty',
    dialects: both,
    text: () => 'No attribute stands between the brackets.',
    oe: () => "unknown attribute: `]'",
    intel: () => 'no attribute specified.',
    hint: () => 'no brackets',
  },
  /** Words: the attribute. */
  attributeWithValue: {
    code: 'edl-attribute-value',
    dialects: ['oe'],
    text: (attribute) => `The attribute "${attribute}" has no value.`,
    oe: () => 'expecting , got =',
    hint: () => 'the attribute without a value',
  },
  /** Words: the attribute, the token that follows it. */
  attributeWithoutValue: {
    code: 'edl-attribute-no-value',
    dialects: both,
    text: (attribute) => `The attribute "${attribute}" needs a value.`,
    oe: (_attribute, got) => `expecting = got ${got}`,
    hint: (attribute) => `${attribute}=NAME or ${attribute}=NUMBER`,
  },
  /** Words: the attribute, the token that follows its value. */
  attributeExpression: {
    code: 'edl-attribute-expression',
    dialects: both,
    text: (attribute) => `The value of "${attribute}" is one number or one name, not an expression.`,
    oe: (_attribute, got) => `expecting , got ${got}`,
    intel: (_attribute, got) => unexpected(got ?? ''),
    hint: () => 'a parameter that holds the result, and its name',
  },
  functionAttributes: {
    code: 'edl-function-attributes',
    dialects: ['oe'],
    text: () => "Open Enclave's compiler has no attributes of functions.",
    oe: () => 'expecting typename, got [',
    hint: () => 'no brackets',
  },
  trustedAttributes: {
    code: 'edl-trusted-attributes',
    dialects: both,
    text: () => 'Trusted functions have no attributes.',
    oe: () => 'expecting typename, got [',
    intel: () => unexpected('['),
    hint: () => 'no brackets',
  },
  /** Words: the next but one token, the one that sgx_edger8r stops at. */
  privateKeyword: {
    code: 'edl-private-keyword',
    dialects: both,
    text: () => 'There is no keyword `private`.',
    oe: (got) => `expecting ( got ${got}`,
    intel: (_got, stop) => unexpected(stop ?? ''),
    hint: () => 'nothing: in Intel\'s dialect a trusted function without "public" is private',
  },
  /** Words: the next but one token. */
  publicUntrusted: {
    code: 'edl-public-untrusted',
    dialects: both,
    text: () => 'Only trusted functions (ECALLs) are public.',
    oe: (got) => `expecting ( got ${got}`,
    intel: () => unexpected('public'),
    hint: () => 'no "public"',
  },
  memberSemicolon: {
    code: 'edl-member-semicolon',
    dialects: ['intel'],
    text: () => 'A semicolon follows each member.',
    intel: () => unexpected('}'),
    hint: () => ';',
  },
  trustedErrno: {
    code: 'edl-errno-trusted',
    dialects: both,
    text: () => 'Only untrusted functions (OCALLs) propagate errno.',
    oe: () => 'expecting ; got propagate_errno',
    intel: () => unexpected('propagate_errno'),
    hint: () => 'no propagate_errno',
  },
  /** Words: the suffix. */
  repeatedSuffix: {
    code: 'edl-suffix-repeated',
    dialects: both,
    text: (suffix) => `"${suffix}" is written already.`,
    oe: (suffix) => `expecting ; got ${suffix}`,
    intel: unexpected,
    hint: () => 'nothing',
  },
  /** Words: the name. */
  reservedName: {
    code: 'edl-keyword',
    dialects: ['intel'],
    text: (name) => `"${name}" is a keyword of Intel's compiler, and cannot be a name.`,
    intel: unexpected,
    hint: () => 'another name',
  },
  /** Words: where it stands, the token that sgx_edger8r stops at. */
  constant: {
    code: 'edl-const',
    dialects: ['intel'],
    text: (place) => `Intel's compiler has no \`const\` ${place}.`,
    intel: (_place, got) => unexpected(got ?? 'const'),
    hint: () => 'the type without const',
  },
  lateConstant: {
    code: 'edl-const-after-type',
    dialects: both,
    text: () => '`const` stands before the type.',
    oe: () => 'expecting identifier got const',
    intel: () => unexpected('const'),
    hint: () => 'const TYPE*',
  },
  unsignedDouble: {
    code: 'edl-unsigned-double',
    dialects: both,
    text: () => 'There is no unsigned floating-point type.',
    oe: () => 'invalid double following unsigned',
    intel: () => unexpected('double'),
    hint: () => 'the type without unsigned',
  },
  charInt: {
    code: 'edl-char-int',
    dialects: ['intel'],
    text: () => '`char int` is not a type of C.',
    intel: () => unexpected('int'),
    hint: () => 'char',
  },
  longLongInt: {
    code: 'edl-long-long-int',
    dialects: both,
    text: () => 'Neither compiler knows `long long int`.',
    oe: () => 'expecting identifier got int',
    intel: () => unexpected('int'),
    hint: () => 'long long',
  },
} as const satisfies Readonly<Record<string, Rule>>;
