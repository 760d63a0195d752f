/**
 * Decisions, as many as there are bytes. Each depends on all bytes: files that differ only at their end would otherwise share the mistake
 * at their beginning.
 */
class Choices {
  #left: number;
  #state = 0x811c9dc5;

  /** @param count How many decisions there are; default: one for each byte */
  constructor(bytes: Uint8Array, count = bytes.length) {
    this.#left = count;
    for (const byte of bytes) this.#state = Math.imul(this.#state ^ byte, 0x01000193);
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** Below `count`; 0 when the bytes are spent. */
  below(count: number): number {
    if (this.#left-- <= 0) return 0;
    // xorshift32, whose state is never 0.
    this.#state = this.#state === 0 ? 1 : this.#state;
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 8) % count;
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
  '#ifdef N\nleft out\n#endif',
  '#ifndef N\n#endif',
  '#ifdef N left #else out #endif',
  '#ifndef N ; }\n#endif ; {',
  '#if N > 2\n{ left\n#else\n#endif',
  "#ifdef M\n  it's\n#endif // c",
  '#define N 3',
  '#define M N N',
  '#undef N',
  '#if defined(N) && !M\n#elif N == 3\n#endif',
];
const openDirectives = ['#ifdef N', '#if M', '#else', '#endif', '#elif 1', '#error', '#pragma p', '#define f(x)'];

/** An EDL file that is nearly right. In one of three, pieces stand where they cannot. */
export function edlOf(bytes: Uint8Array): string {
  const choices = new Choices(bytes);
  const gaps = new Choices(bytes.subarray(1), Infinity);
  const isOdd = gaps.below(3) === 2;
  const pieces: string[] = ['enclave', '{'];
  while (!choices.isSpent && pieces.length < 2000) pieces.push(...perhapsConditional(choices, item));
  pieces.push('}', ...choices.of([';'], []));
  return pieces.flatMap((piece) => [piece, gap(gaps, isOdd)]).join('');
}

function gap(gaps: Choices, isOdd: boolean): string {
  const kind = gaps.below(64);
  if (kind === 63 && isOdd) return ` ${gaps.of('#', ...strange)} `;
  if (kind === 62) return `\n${gaps.of('', ...(isOdd ? openDirectives : directives))}\n`;
  if (kind === 61) return gaps.of('// c\n', '/* c */', '/* c\n * c */', '\n// c \\\n', '\n\n\n', '\n// c\n');
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
  return Array.from({ length: choices.below(4) }, () => perhapsConditional(choices, one)).flat();
}

/** Sometimes within a conditional, or another thing in each of its branches. */
function perhapsConditional(choices: Choices, one: Production): readonly string[] {
  const kind = choices.below(16);
  if (kind < 14) return one(choices);
  const other = kind === 15 ? ['\n#else\n', ...one(choices)] : [];
  return [`\n#${choices.of('ifdef', 'ifndef')} ${choices.of('N', 'Q')}\n`, ...one(choices), ...other, '\n#endif\n'];
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
