// Random EDL files that both compilers, or one of them, accept as far as the grammar goes; and random white space between their tokens.
import fc from 'fast-check';
import type { Dialect } from '../src/index.ts';

type Tokens = readonly string[];

const words = ['a', 'b1', 'count_', 'Data', 'x', 'y_2', 'value', 'buffer', 'handle_t'];
const name = fc.constantFrom(...words);
const integer = fc.nat({ max: 1_000_000 }).map(String);
const basicTypes = [
  'char',
  'unsigned char',
  'short',
  'unsigned short int',
  'int',
  'unsigned',
  'unsigned int',
  'long',
  'long int',
  'unsigned long',
  'long long',
  'unsigned long long',
  'float',
  'double',
  'long double',
  'bool',
  'wchar_t',
  'size_t',
  'int8_t',
  'int16_t',
  'int32_t',
  'int64_t',
  'uint8_t',
  'uint16_t',
  'uint32_t',
  'uint64_t',
  'void',
];

const base = fc.oneof(
  fc.constantFrom(...basicTypes).map((text): Tokens => text.split(' ')),
  fc.tuple(fc.constantFrom('struct', 'union', 'enum'), name),
  name.map((text): Tokens => [text]),
);
const stars = fc.array(fc.constant('*'), { maxLength: 2 });
const type = fc.tuple(base, stars).map((parts): Tokens => parts.flat());

const flags = fc.constantFrom('in', 'out', 'string', 'wstring', 'isptr', 'isary', 'user_check');
const measure = fc.tuple(fc.constantFrom('size', 'count'), fc.constant('='), fc.oneof(name, integer));
const attribute = fc.oneof(
  flags.map((text): Tokens => [text]),
  measure,
);
const attributes = fc.oneof(
  fc.constant([]),
  listOf(attribute, 1).map((list): Tokens => ['[', ...list, ']']),
);

const file = name.map((text) => `"${text}.edl"`);
const names = listOf(
  name.map((text): Tokens => [text]),
  1,
);

function listOf(item: fc.Arbitrary<Tokens>, minLength: number): fc.Arbitrary<Tokens> {
  return fc
    .array(item, { minLength, maxLength: 4 })
    .map((items) => items.flatMap((tokens, index) => (index === 0 ? tokens : [',', ...tokens])));
}

/** What only one dialect has is left out for both. */
function grammar(dialect: Dialect | 'both') {
  const isOe = dialect === 'oe';
  const isIntel = dialect === 'intel';
  const some = <T>(isThere: boolean, of: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> =>
    isThere ? fc.oneof(of, fc.constant(otherwise)) : fc.constant(otherwise);
  const comma = some<Tokens>(isOe, fc.constant([',']), []);
  const length = isOe ? fc.oneof(integer, name) : integer;
  const dimensions = fc.array(length, { maxLength: 2 }).map((list): Tokens => list.flatMap((text) => ['[', text, ']']));
  const pointed = fc.tuple(fc.constant('const'), base, fc.constant('*')).map((parts): Tokens => parts.flat());
  const parameter = fc
    .tuple(attributes, fc.oneof(type, pointed), name, dimensions)
    .map((parts): Tokens => parts.flat());
  const member = fc.tuple(attributes, type, name, dimensions, fc.constant(';')).map((parts): Tokens => parts.flat());
  const parameters = fc.oneof(
    fc.constant(['(', ')']),
    fc.constant(['(', 'void', ')']),
    fc.tuple(listOf(parameter, 1), comma).map(([list, last]): Tokens => ['(', ...list, ...last, ')']),
  );
  const switchless = some<Tokens>(true, fc.constant(['transition_using_threads']), []);
  const errno = some<Tokens>(true, fc.constant(['propagate_errno']), []);
  const allow = some<Tokens>(
    true,
    fc.oneof(fc.constant<Tokens>([]), names).map((list): Tokens => ['allow', '(', ...list, ')']),
    [],
  );
  const access = isIntel ? some<Tokens>(true, fc.constant(['public']), []) : fc.constant<Tokens>(['public']);
  const convention = some<Tokens>(isIntel, fc.constant(['[', 'cdecl', ',', 'dllimport', ']']), []);
  const ecall = fc
    .tuple(access, type, name, parameters, switchless, fc.constant(';'))
    .map((parts): Tokens => parts.flat());
  const ocall = fc
    .tuple(convention, type, name, parameters, allow, errno, switchless, fc.constant(';'))
    .map((parts): Tokens => parts.flat());
  const include = file.map((text): Tokens => ['include', text]);
  const includes = some<Tokens>(isIntel, include, []);
  const section = (keyword: string, functions: fc.Arbitrary<Tokens>): fc.Arbitrary<Tokens> =>
    fc
      .tuple(includes, fc.array(functions, { maxLength: 3 }))
      .map(([head, list]): Tokens => [keyword, '{', ...head, ...list.flat(), '}', ';']);
  const enumerator = fc.oneof(
    name.map((text): Tokens => [text]),
    fc.tuple(name, fc.constant('='), fc.oneof(name, integer)),
  );
  const enumeration = fc
    .tuple(fc.oneof(fc.constant([]), fc.tuple(name)), listOf(enumerator, 1), comma)
    .map(([title, list, last]): Tokens => ['enum', ...title, '{', ...list, ...last, '}', ';']);
  const composite = fc
    .tuple(fc.constantFrom('struct', 'union'), name, fc.array(member, { minLength: isOe ? 0 : 1, maxLength: 3 }))
    .map(([keyword, title, members]): Tokens => [keyword, title, '{', ...members.flat(), '}', ';']);
  const from = fc
    .tuple(file, fc.oneof(fc.constant<Tokens>(['*']), names))
    .map(([path, list]): Tokens => ['from', path, 'import', ...list, ';']);
  const item = fc.oneof(
    include,
    from,
    enumeration,
    composite,
    section('trusted', ecall),
    section('untrusted', ocall),
    ...(isOe ? [file.map((text): Tokens => ['import', text])] : []),
  );
  const end = isOe ? fc.constantFrom<Tokens>(['}'], ['}', ';']) : fc.constant<Tokens>(['}', ';']);
  return fc
    .tuple(fc.array(item, { maxLength: 5 }), end)
    .map(([items, last]): Tokens => ['enclave', '{', ...items.flat(), ...last]);
}

const gap = fc.oneof(
  { weight: 8, arbitrary: fc.constant(' ') },
  fc.constantFrom('\n', '\n\n', '\t', '\r\n', '  \n  '),
  fc.constantFrom(
    '// note\n',
    ' /* inside */ ',
    '\n/* above */\n',
    '\n// above\n',
    ' /* two\n * lines */ ',
    ' /* last */\n',
    '// back \\\n\n',
    '\n/* a\n   b */',
  ),
  fc.constantFrom(
    '\n#ifdef NONE\n#endif\n',
    '\n#ifndef NONE\n#endif // end\n',
    '\n#ifdef NONE\nleft out;\n#else\n#endif\n',
    '\n#ifdef NONE\nleft , out\n#endif\n',
    '\n#ifdef NONE\n{ left (\n#else\n#endif\n',
    '\n#ifdef NONE\n} ) ] =\n#endif // x\n',
  ),
);

/** The text of a random file, and the tokens that it has. */
export function edlTexts(dialect: Dialect | 'both'): fc.Arbitrary<{ readonly text: string; readonly tokens: Tokens }> {
  // A backslash at the end of a comment hides the next line from Intel's compiler only.
  const isOe = dialect === 'oe';
  const continued = { both: '// c\n', oe: '// c \\\n', intel: '// c \\\nhidden } (\n' }[dialect];
  // What is left out may be any text for Intel's preprocessor.
  const leftOut = dialect === 'oe' ? '\n#ifdef NONE\n  is not one\n#endif\n' : "\n#ifdef NONE\n  isn't one\n\n#endif\n";
  // Text after a directive is text of the file for Open Enclave's compiler, and Intel's ignores it.
  const followed = isOe
    ? [
        ' #ifdef NONE left , out #endif ',
        '\n#ifndef NONE /* kept */ #endif ',
        '\n#ifdef NONE left\nout #else #endif // end\n',
      ]
    : [
        '\n#ifdef NONE ignored\nleft out\n#endif ignored , as well\n',
        '\n#ifndef NONE ignored\n#else ignored\n} ) (\n#endif\n',
      ];
  const anyGap = fc.oneof({ weight: 20, arbitrary: gap }, fc.constantFrom(continued, leftOut, ...followed));
  return grammar(dialect).chain((tokens) =>
    fc
      .array(anyGap, { minLength: tokens.length, maxLength: tokens.length })
      .map((gaps) => ({ tokens, text: tokens.map((token, index) => `${token}${gaps[index] ?? ' '}`).join('') })),
  );
}
