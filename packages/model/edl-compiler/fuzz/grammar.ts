/** Decisions that bytes make, so that a fuzzer that changes bytes changes an EDL file where it means something. */
export class Choices {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isSpent(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Below `count`; 0 when the bytes are spent. */
  below(count: number): number {
    return (this.#bytes[this.#at++] ?? 0) % count;
  }

  of<T>(first: T, ...others: readonly T[]): T {
    return others[this.below(others.length + 1) - 1] ?? first;
  }
}

const names = [
  'a',
  'b',
  'c',
  's',
  'size',
  'count',
  'in',
  'public',
  'allow',
  'include',
  'x_1',
  'N',
  'M',
  'int',
  'private',
];
const basic = [
  'int',
  'char',
  'void',
  'unsigned',
  'unsigned long long',
  'long double',
  'size_t',
  'wchar_t',
  'uint8_t',
  'bool',
  'char int',
];
const attributes = [
  'in',
  'out',
  'string',
  'wstring',
  'isptr',
  'isary',
  'readonly',
  'user_check',
  'sizefunc',
  'cdecl',
  'dllimport',
  'bogus',
];
const strange = [
  '#',
  '"',
  '/*',
  '\\\n',
  '.',
  '0x1',
  '09',
  '{',
  '}',
  '(',
  ')',
  ';',
  ',',
  '=',
  '*',
  '\f',
  '\u{1F512}',
  '&&',
  '\r',
];
const directives = [
  '#ifdef N',
  '#ifndef M',
  '#else',
  '#endif',
  '#define N 3',
  '#define M N N',
  '#undef N',
  '#if N > 2',
  '#elif !defined(M)',
  '#error',
];

/** An EDL file that is nearly right: where a byte says so, a piece of it is not. */
export function edlOf(choices: Choices): string {
  const pieces: string[] = ['enclave', '{'];
  while (!choices.isSpent && pieces.length < 2000) pieces.push(...item(choices));
  pieces.push('}', ...choices.of([';'], []));
  return pieces.flatMap((piece) => [piece, gap(choices)]).join('');
}

function gap(choices: Choices): string {
  const kind = choices.below(64);
  if (kind === 63) return ` ${choices.of('#', ...strange)} `;
  if (kind === 62) return `\n${choices.of('', ...directives)}\n`;
  if (kind === 61) return choices.of('// c\n', '/* c */', '/* c\n * c */', '\n// c \\\n', '\n\n\n');
  return kind > 48 ? '\n' : ' ';
}

function item(choices: Choices): readonly string[] {
  switch (choices.below(8)) {
    case 0:
      return ['include', '"a.h"'];
    case 1:
      return choices.of(
        ['import', '"b.edl"'],
        ['from', '"b.edl"', 'import', '*', ';'],
        ['from', '"c.edl"', 'import', ...list(choices, name), ';'],
      );
    case 2:
      return ['enum', ...choices.of([], name(choices)), '{', ...list(choices, enumerator), '}', ';'];
    case 3:
    case 4:
      return [
        choices.of('struct', 'union'),
        ...name(choices),
        '{',
        ...repeated(choices, (of) => [...declaration(of), ';']),
        '}',
        ';',
      ];
    case 5:
    case 6:
      return ['trusted', '{', ...repeated(choices, ecall), '}', ';'];
    default:
      return ['untrusted', '{', ...repeated(choices, ocall), '}', ';'];
  }
}

type Production = (choices: Choices) => readonly string[];

function repeated(choices: Choices, one: Production): readonly string[] {
  return Array.from({ length: choices.below(4) }, () => one(choices)).flat();
}

function list(choices: Choices, one: Production): readonly string[] {
  const items = Array.from({ length: 1 + choices.below(3) }, () => one(choices));
  return [
    ...items.flatMap((tokens, index) => (index === 0 ? tokens : [',', ...tokens])),
    ...(choices.below(16) === 15 ? [','] : []),
  ];
}

const name: Production = (choices) => [choices.of('f', ...names)];
const value: Production = (choices) => [choices.of('3', '0', '4294967296', ...names)];
const enumerator: Production = (choices) => [
  ...name(choices),
  ...choices.of<readonly string[]>([], ['=', ...value(choices)]),
];

const type: Production = (choices) => [
  ...choices.of([], [], [], ['const']),
  ...(choices.below(3) === 2
    ? [choices.of('struct', 'union', 'enum', 'foreign_t'), ...name(choices)]
    : [choices.of('int', ...basic)]),
  ...choices.of([], ['*'], ['*'], ['*', '*']),
];

const attribute: Production = (choices) =>
  choices.below(3) === 2 ? [choices.of('size', 'count'), '=', ...value(choices)] : [choices.of('in', ...attributes)];

const declaration: Production = (choices) => [
  ...choices.of([], ['[', ...list(choices, attribute), ']']),
  ...type(choices),
  ...name(choices),
  ...choices.of([], [], ['[', ...value(choices), ']'], ['[', ']']),
];

const parameters: Production = (choices) => [
  '(',
  ...choices.of<readonly string[]>(list(choices, declaration), [], ['void']),
  ')',
];
const suffixes: Production = (choices) =>
  choices.of<readonly string[]>([], [], ['transition_using_threads'], ['propagate_errno']);
const ecall: Production = (choices) => [
  ...choices.of(['public'], []),
  ...type(choices),
  ...name(choices),
  ...parameters(choices),
  ...suffixes(choices),
  ';',
];

const ocall: Production = (choices) => [
  ...choices.of([], [], ['[', ...list(choices, attribute), ']']),
  ...type(choices),
  ...name(choices),
  ...parameters(choices),
  ...choices.of([], ['allow', '(', ...list(choices, name), ')']),
  ...suffixes(choices),
  ';',
];
