import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Findings } from '../src/index.ts';
import { Lexer } from '../src/lexis/lexer.ts';
import type { RawToken, TokenBudget } from '../src/lexis/token.ts';
import type { DialectChoice } from '../src/source/dialect.ts';

function lex(text: string, dialect: DialectChoice = 'both', budget: TokenBudget = { left: 10_000 }) {
  const findings = new Findings({ dialect });
  const lexer = new Lexer({ path: 'a.edl', text }, { dialect, findings, budget });
  const tokens: RawToken[] = [];
  for (let token = lexer.next(); token.kind !== 'end'; token = lexer.next()) tokens.push(token);
  return {
    tokens,
    codes: findings.diagnostics().map(({ code, line, column }) => `${code} ${line}:${column}`),
    findings,
  };
}

test('a text is cut into names, numbers, strings, symbols, comments and ends of lines', () => {
  const { tokens, codes } = lex('int a_1[10]; // c\n"x y.h" /* d\n e */ *');
  assert.deepEqual(codes, []);
  assert.deepEqual(
    tokens.map(({ kind, text }) => (text === '' ? kind : text)),
    ['int', 'a_1', '[', '10', ']', ';', 'line-comment', 'newline', 'x y.h', 'block-comment', '*'],
  );
  assert.deepEqual(
    tokens.map(({ start, end }) => [start, end]),
    [
      [0, 3],
      [4, 7],
      [7, 8],
      [8, 10],
      [10, 11],
      [11, 12],
      [13, 17],
      [17, 18],
      [18, 25],
      [26, 36],
      [37, 38],
    ],
  );
});

test('strings end on their line, comments end', () => {
  assert.deepEqual(lex('include "a.h\nx').codes, ['edl-open-string 1:9']);
  assert.deepEqual(lex('a /* b').codes, ['edl-open-comment 1:3']);
  assert.deepEqual(lex('"a" /* b */').codes, []);
});

test('each compiler has its own idea of white space', () => {
  assert.deepEqual(lex('\uFEFFa\f\\\nb', 'intel').codes, []);
  assert.deepEqual(lex('\uFEFFa\f\\\nb', 'oe').codes, [
    'edl-byte-order-mark 1:1',
    'edl-form-feed 1:3',
    'edl-continued-line 1:4',
  ]);
  assert.deepEqual(lex('a\t\v\r\nb', 'oe').codes, []);
});

test('a backslash at the end of a line comment is refused where it would hide something from one compiler only', () => {
  const names = (dialect: DialectChoice, text: string) =>
    lex(text, dialect).tokens.filter(({ kind }) => kind === 'name').length;
  assert.equal(names('oe', '// a \\\nb\nc'), 2);
  assert.equal(names('intel', '// a \\\nb\nc'), 1);
  assert.deepEqual(lex('// a \\\nb\nc').codes, ['edl-continued-comment 1:1']);
  assert.deepEqual(lex('// a \\\n// b\n// c \\\n\nd').codes, []);
});

test('tokens are counted', () => {
  const budget = { left: 3 };
  const { tokens, codes } = lex('a b c d e', 'both', budget);
  assert.equal(tokens.length, 3);
  assert.deepEqual(codes, ['edl-too-many-tokens 1:7']);
  assert.deepEqual(lex('a b c', 'both', { left: 3 }).codes, []);
});

test('any text is cut into tokens that follow one another', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: fc.constantFrom('/', '*', '"', '\\', '\n', 'a', '1', ' ') }),
      ),
      fc.constantFrom<DialectChoice>('oe', 'intel', 'both'),
      (text, dialect) => {
        let at = 0;
        for (const { start, end, kind } of lex(text, dialect).tokens) {
          assert.ok(start >= at && end > start && end <= text.length, kind);
          at = end;
        }
      },
    ),
  );
});
