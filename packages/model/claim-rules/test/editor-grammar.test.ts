import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { functionSignatures } from '../src/functions.ts';
import { sectionNames, claimProperties } from '../src/syntax/ast.ts';

interface Pattern {
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly include?: string;
  readonly patterns?: readonly Pattern[];
}

interface Grammar extends Pattern {
  readonly scopeName: string;
  readonly repository: Readonly<Record<string, Pattern>>;
}

const file = new URL('../../syntax/claim-rules.tmLanguage.json', import.meta.url);
const grammar = JSON.parse(readFileSync(file, 'utf8')) as Grammar;

function* patternsOf(pattern: Pattern): Generator<Pattern> {
  yield pattern;
  for (const inner of pattern.patterns ?? []) yield* patternsOf(inner);
}

const all = [...patternsOf(grammar), ...Object.values(grammar.repository).flatMap((entry) => [...patternsOf(entry)])];

test('every expression of the editor grammar compiles, and every include is there and used', () => {
  assert.equal(grammar.scopeName, 'source.claim-rules');
  const included = new Set(all.flatMap(({ include }) => include ?? []));
  assert.deepEqual(
    [...included].sort(),
    Object.keys(grammar.repository)
      .map((name) => `#${name}`)
      .sort(),
  );
  // No expression uses more than the engines of editors and JavaScript have in common.
  for (const { match, begin, end } of all) {
    for (const source of [match, begin, end]) assert.ok(new RegExp(source ?? '', 'u'));
  }
});

/** What a pattern of the repository finds in a text. */
function found(name: string, text: string): readonly string[] {
  const patterns = [...patternsOf(grammar.repository[name] ?? {})].flatMap(({ match, begin }) => match ?? begin ?? []);
  return patterns.flatMap((source) => [...text.matchAll(new RegExp(source, 'gmu'))].map(([hit]) => hit));
}

test('the editor grammar knows the words of the language', () => {
  for (const name of sectionNames) assert.deepEqual(found('section', `${name} {`), [name]);
  assert.deepEqual(found('section', 'Issuancerules{'), ['Issuancerules']);
  for (const name of Object.keys(functionSignatures)) assert.deepEqual(found('call', `${name}(c.value)`), [`${name}(`]);
  for (const name of claimProperties) {
    assert.ok(found('values', `c.${name}`).includes(`c.${name}`));
    assert.ok(found('values', `${name}=`).includes(name));
  }
  for (const name of ['permit', 'deny', 'add', 'issue', 'issueproperty']) {
    assert.deepEqual(found('action', `=> ${name} (`), [`${name} (`]);
  }
  assert.deepEqual(found('version', 'version = 1.2;'), ['version = 1.2']);
  assert.deepEqual(found('version', 'version=2.0;'), []);
  assert.deepEqual(found('condition', '!c1:[type=="a"]'), ['c1:[']);
  assert.deepEqual(found('comparisons', 'a==b!=c<=d>=e<f>g=h'), ['==', '!=', '<=', '>=', '<', '>', '=']);
  assert.deepEqual(found('comments', '// a\nb /* c'), ['// a', '/*']);
  assert.deepEqual(found('string', String.raw`\" \\`), [
    '"',
    String.raw`\"`,
    String.raw`\\`,
    String.raw`\"`,
    String.raw`\\`,
  ]);
});
