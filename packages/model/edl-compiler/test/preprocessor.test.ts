import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Findings } from '../src/index.ts';
import { preprocess } from '../src/preprocessor/preprocess.ts';
import type { DialectChoice } from '../src/source/dialect.ts';

interface Options {
  readonly dialect?: DialectChoice;
  readonly defines?: Readonly<Record<string, string>>;
  readonly tokens?: number;
}

function run(text: string, { dialect = 'intel', defines = {}, tokens = 100_000 }: Options = {}) {
  const findings = new Findings({ dialect });
  const source = { path: 'a.edl', text };
  const found = preprocess(source, { dialect, defines, findings, budget: { left: tokens } });
  return {
    ...found,
    words: found.tokens
      .map((token) => token.text)
      .join(' ')
      .trim(),
    problems: findings.diagnostics().map(({ code, line, column }) => `${code} ${line}:${column}`),
    notes: findings.diagnostics().flatMap(({ notes }) => notes),
  };
}

const lines = (...text: string[]): string => text.join('\n');

test("Open Enclave's conditionals choose by names that are defined", () => {
  const text = lines('#ifdef A', 'a', '#ifndef B', 'b', '#else', 'c', '#endif', '#else', 'd', '#endif', 'e');
  assert.equal(run(text, { dialect: 'oe', defines: { A: '' } }).words, 'a b e');
  assert.equal(run(text, { dialect: 'oe', defines: { A: '', B: '' } }).words, 'a c e');
  assert.equal(run(text, { dialect: 'oe' }).words, 'd e');
  assert.deepEqual(run(text, { dialect: 'oe' }).problems, []);
});

test("Open Enclave's compiler has no other directive, and replaces nothing", () => {
  const text = lines('#define N 4', 'N', '#if N == 4', 'a', '#endif');
  const { problems, words, notes } = run(text, { dialect: 'oe' });
  assert.deepEqual(problems, ['edl-directive-dialect 1:1', 'edl-directive-dialect 3:1']);
  assert.deepEqual(notes, ['oeedger8r: unsupported directive define', 'oeedger8r: unsupported directive if']);
  assert.equal(words, 'N a');
  assert.equal(run('N', { dialect: 'oe', defines: { N: '4' } }).words, 'N');
});

test('macros stand for their text, at the place of their use', () => {
  const { words, tokens, problems } = run(
    lines('#define N M', '#define M 4 // four', '#define E', 'a[N] E M', '#undef M', 'N'),
  );
  assert.equal(words, 'a [ 4 ] 4 M');
  assert.deepEqual(problems, []);
  const four = tokens.find(({ text }) => text === '4');
  assert.deepEqual(four, { kind: 'number', text: '4', start: 44, end: 45 });
  assert.equal(run('#define A B\n#define B A\nA').words, 'A');
  assert.equal(run('N', { defines: { N: '4' } }).words, '4');
  assert.equal(run('N', { defines: { N: '' } }).words, 'N');
});

test('conditions are decided as in C', () => {
  const holds = (condition: string): boolean => {
    const { words, problems } = run(`#define ONE 1\n#define BOTH (ONE && 2)\n#if ${condition}\ny\n#else\nn\n#endif`);
    assert.deepEqual(problems, [], condition);
    return words === 'y';
  };
  for (const condition of [
    '1',
    '!0',
    'ONE',
    'BOTH',
    'defined ONE && defined(ONE)',
    '2 > 1 && 1 >= 1',
    '1 + 2 * 3 == 7',
    '0x10 == 020',
    '-1 < 0',
    '(1 || 0) != 0',
    '201112L >= 199901L',
    '!defined(NONE)',
    '__linux__',
    '3 - 1 - 1',
    '1 || 0 && 0',
  ]) {
    assert.equal(holds(condition), true, condition);
  }
  for (const condition of ['0', 'NONE', '!ONE', '1 - 1', '2 <= 1', '(1 || 0) && 0', '9223372036854775807 + 1 > 0']) {
    assert.equal(holds(condition), false, condition);
  }
});

test('conditions that cannot be decided are refused', () => {
  for (const condition of [
    '',
    '1 +',
    '(1',
    '1 2',
    'F(1)',
    '"a"',
    '1.5',
    '08',
    '1 ? 2 : 3',
    'defined',
    'defined(A',
    `${'('.repeat(100)}1`,
  ]) {
    assert.deepEqual(run(`#if ${condition}\na\n#endif`).problems, ['edl-condition 1:1'], condition);
  }
});

test('branches exclude one another', () => {
  const text = lines('#if X == 1', 'a', '#elif X == 2', 'b', '#elif 1', 'c', '#else', 'd', '#endif');
  assert.equal(run(text, { defines: { X: '1' } }).words, 'a');
  assert.equal(run(text, { defines: { X: '2' } }).words, 'b');
  assert.equal(run(text).words, 'c');
  const unasked = run(lines('#if 0', '#if (', '#endif', '#bogus', '#elif 1', 'a', '#elif (', '#endif'));
  assert.deepEqual([unasked.words, unasked.problems], ['a', []]);
  assert.equal(run('#ifdef A\na\n#elifndef B\nb\n#endif').words, 'b');
});

test('conditionals begin and end', () => {
  assert.deepEqual(run('#endif').problems, ['edl-directive-unmatched 1:1']);
  assert.deepEqual(run('#else', { dialect: 'oe' }).notes, ['oeedger8r: no previous #ifdef or #ifndef']);
  assert.deepEqual(run('#ifdef A\n#else\n#else\n#endif').problems, ['edl-directive-unmatched 3:1']);
  assert.deepEqual(run('a\n#if 1\nb').problems, ['edl-conditional-open 2:1']);
  assert.deepEqual(run('#if 1\n'.repeat(65) + '#endif\n'.repeat(65)).problems[0], 'edl-conditional-depth 65:1');
});

test('what neither compiler can use is refused', () => {
  assert.deepEqual(run('#include <a.h>').problems, ['edl-directive-include 1:1']);
  assert.deepEqual(run('#define F(x) x\nF').problems, ['edl-macro-parameters 1:1']);
  assert.equal(run('#define F (x)\nF').words, '( x )');
  assert.deepEqual(run('#define F a ## b').problems, ['edl-macro-paste 1:1']);
  assert.deepEqual(run('#define').problems, ['edl-directive-name 1:1']);
  assert.deepEqual(run('#pragma once').problems, ['edl-directive-passed-through 1:2']);
  assert.deepEqual(run('#bogus').problems, ['edl-directive-unknown 1:2']);
  assert.deepEqual(run('#error "not here"').problems, ['edl-directive-error 1:1']);
  assert.deepEqual(run('#line 7\n#warning a\n#').problems, []);
  assert.deepEqual(run('a #ifdef B\n#endif').problems, ['edl-directive-in-line 1:3']);
  assert.deepEqual(run('a @ b').problems, ['edl-unknown-character 1:3']);
});

test("text after a directive is text of the file for Open Enclave's compiler, and Intel's ignores it", () => {
  const text = lines(
    '#ifdef A /* c */ b # else c #endif d',
    '#ifndef B e',
    'f #endif // g',
    '#ifdef A',
    'h',
    '#endif i',
  );
  const oe = run(text, { dialect: 'oe' });
  assert.deepEqual([oe.words, oe.problems], ['c d e f i', []]);
  assert.equal(run(text, { dialect: 'oe', defines: { A: '' } }).words, 'b d e f h i');
  assert.deepEqual(
    oe.trivia.map(({ kind, at }) => `${kind} ${at.source.text.slice(at.start, at.end)}`),
    [
      'directive #ifdef A',
      'block-comment /* c */',
      'left-out b ',
      'directive # else',
      'directive #endif',
      'directive #ifndef B',
      'directive #endif',
      'line-comment // g',
      'directive #ifdef A',
      'left-out h\n',
      'directive #endif',
    ],
  );
  // gcc says nothing of the rest of a directive that is left out with what surrounds it.
  const intel = run(lines('#ifndef A b', 'c', '#else d', '#ifdef A e', '#else f', '#endif g', '#endif h', 'i'));
  assert.equal(intel.words, 'c i');
  assert.deepEqual(
    intel.problems,
    ['1:11', '3:7', '7:8'].map((place) => `edl-directive-extra-text ${place}`),
  );
});

test('a line of any number of directives takes time that grows with it', () => {
  const many = (text: string): string => text.repeat(20_000);
  assert.equal(run(many('#ifdef A a #endif b '), { dialect: 'oe', tokens: 200_000 }).tokens.length, 20_001);
  assert.equal(run(many('#ifdef A a #endif b '), { tokens: 200_000 }).tokens.length, 1);
});

test('in what is left out, a directive within a line means something else to each compiler', () => {
  const text = lines('#ifdef A', 'x #else', 'y', '#endif', 'z');
  assert.equal(run(text, { dialect: 'oe' }).words, 'y z');
  assert.equal(run(text, { dialect: 'intel' }).words, 'z');
  assert.deepEqual(run(text, { dialect: 'both' }).problems, ['edl-directive-hidden 2:3']);
});

test('macros that grow without end are refused after bounded work', () => {
  const bomb = (end: string): string =>
    lines(
      ...Array.from({ length: 40 }, (_, index) => `#define M${index} M${index + 1} M${index + 1}`),
      `#define M40 ${end}`,
      'M0',
    );
  for (const end of ['x', '']) {
    const { problems, tokens } = run(bomb(end), { tokens: 10_000 });
    assert.deepEqual(problems, ['edl-too-many-tokens 42:1']);
    assert.ok(tokens.length <= 10_000);
  }
  const chain = Array.from({ length: 70 }, (_, index) => `#define C${index} C${index + 1}`);
  assert.deepEqual(run(lines(...chain, 'C0')).problems, ['edl-too-many-tokens 71:1']);
});

test('comments, directives and what is left out are kept beside the tokens', () => {
  const { trivia, words } = run('a // c\n#ifdef X /* d */\nx // e\n#else\nb\n#endif');
  assert.equal(words, 'a b');
  assert.deepEqual(
    trivia.map(({ kind, at }) => `${kind} ${at.source.text.slice(at.start, at.end)}`),
    [
      'line-comment // c',
      'directive #ifdef X',
      'block-comment /* d */',
      'left-out x // e\n',
      'directive #else',
      'directive #endif',
    ],
  );
});

test('any text comes to an end', () => {
  const piece = fc.constantFrom(
    '#',
    'if',
    'ifdef',
    'else',
    'endif',
    'define',
    'A',
    'B',
    '1',
    '(',
    ')',
    '\n',
    ' ',
    '&&',
    '"',
    '/*',
    '*/',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 200 }),
      fc.constantFrom<DialectChoice>('oe', 'intel', 'both'),
      (pieces, dialect) => {
        const { tokens, trivia } = run(pieces.join(' '), { dialect });
        assert.equal(tokens.at(-1)?.kind, 'end');
        for (const { at } of trivia) assert.ok(at.start < at.end && at.end <= at.source.text.length);
      },
    ),
  );
});
