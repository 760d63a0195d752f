import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { parseReleasePolicy } from '../../src/release/index.ts';
import { issuer, refusal } from './tokens.ts';

const claim = { claim: 'a', equals: 1 };
const authority = { authority: issuer, allOf: [claim] };
const policyOf = (changes: object = {}): string =>
  JSON.stringify({ version: '1.0.0', anyOf: [{ ...authority, ...changes }] });
const withConditions = (...conditions: readonly unknown[]): string => policyOf({ allOf: conditions });

function nested(depth: number): unknown {
  return depth === 0 ? claim : { anyOf: [nested(depth - 1)] };
}

test('a policy with all that the grammar has', () => {
  const policy = parseReleasePolicy(
    JSON.stringify({
      anyOf: [
        { authority: `${issuer}/`, anyof: [{ allof: [claim, { claim: "b[0]['c.d'].e", exists: 'true' }] }] },
        {
          authority: `${issuer}/tenant`,
          allOf: [
            { claim: 's', notEquals: 'x' },
            { claim: 'n', lessOrEquals: -1.5 },
          ],
        },
      ],
      version: '1.0.0',
    }),
  );
  const [first, second] = policy.authorities;
  assert.deepEqual([first?.issuer, second?.issuer], [issuer, `${issuer}/tenant`]);
  const [group] = first?.condition.conditions ?? [];
  assert.ok(group?.kind === 'allOf');
  assert.equal(group.pointer, '/anyOf/0/anyof/0/allof');
  const [, path] = group.conditions;
  assert.ok(path?.kind === 'claim');
  assert.deepEqual(
    [path.path, path.operator, path.value, path.pointer],
    [['b', 0, 'c.d', 'e'], 'exists', true, '/anyOf/0/anyof/0/allof/1'],
  );
  assert.ok(Object.isFrozen(policy) && Object.isFrozen(policy.authorities) && Object.isFrozen(path.path));
});

const wrong: readonly (readonly [what: string, pointer: string, text: string])[] = [
  ['no JSON', '', '{'],
  ['two members with one name', '', '{"version":"1.0.0","version":"1.0.0","anyOf":[]}'],
  ['a list', '', '[]'],
  ['a text that is too long', '', `"${'x'.repeat(70_000)}"`],
  ['no version', '/version', JSON.stringify({ anyOf: [authority] })],
  ['another version', '/version', JSON.stringify({ version: '2.0.0', anyOf: [authority] })],
  ['no authorities', '', JSON.stringify({ version: '1.0.0' })],
  ['an empty list of authorities', '/anyOf', JSON.stringify({ version: '1.0.0', anyOf: [] })],
  [
    'too many authorities',
    '/anyOf',
    JSON.stringify({ version: '1.0.0', anyOf: Array.from({ length: 65 }, () => authority) }),
  ],
  ['allOf of authorities', '/allOf', JSON.stringify({ version: '1.0.0', allOf: [authority] })],
  ['both spellings of anyOf', '', JSON.stringify({ version: '1.0.0', anyOf: [authority], anyof: [authority] })],
  ['an unknown member', '/a~1b', JSON.stringify({ version: '1.0.0', anyOf: [authority], 'a/b': 1 })],
  ['an authority that is a text', '/anyOf/0', JSON.stringify({ version: '1.0.0', anyOf: [issuer] })],
  ['no URL', '/anyOf/0/authority', policyOf({ authority: 'maa' })],
  ['http', '/anyOf/0/authority', policyOf({ authority: 'http://maa.example.test' })],
  ['a user in the URL', '/anyOf/0/authority', policyOf({ authority: 'https://maa.example.test@evil.test' })],
  ['a query in the URL', '/anyOf/0/authority', policyOf({ authority: `${issuer}?a` })],
  ['an authority without conditions', '/anyOf/0', JSON.stringify({ version: '1.0.0', anyOf: [{ authority: issuer }] })],
  ['an authority with anyOf and allOf', '/anyOf/0', policyOf({ anyOf: [claim] })],
  ['an authority with a claim', '/anyOf/0/claim', policyOf({ claim: 'a' })],
  ['no conditions', '/anyOf/0/allOf', withConditions()],
  ['conditions that are no list', '/anyOf/0/allOf', policyOf({ allOf: claim })],
  ['a condition that is a text', '/anyOf/0/allOf/1', withConditions(claim, 'a')],
  ['a condition that is nothing', '/anyOf/0/allOf/0', withConditions({})],
  ['a group with more', '/anyOf/0/allOf/0/equals', withConditions({ anyOf: [claim], equals: 1 })],
  ['an empty group', '/anyOf/0/allOf/0/allOf', withConditions({ allOf: [] })],
  ['no operator', '/anyOf/0/allOf/0', withConditions({ claim: 'a' })],
  ['two operators', '/anyOf/0/allOf/0', withConditions({ claim: 'a', equals: 1, less: 2 })],
  ['an unknown operator', '/anyOf/0/allOf/0/like', withConditions({ claim: 'a', like: '*' })],
  ['a claim and a group', '/anyOf/0/allOf/0/anyOf', withConditions({ ...claim, anyOf: [claim] })],
  ['a claim that is no text', '/anyOf/0/allOf/0/claim', withConditions({ claim: 1, equals: 1 })],
  ['null', '/anyOf/0/allOf/0/equals', withConditions({ claim: 'a', equals: null })],
  ['a list as a value', '/anyOf/0/allOf/0/equals', withConditions({ claim: 'a', equals: ['a'] })],
  ['a text that is ordered', '/anyOf/0/allOf/0/greater', withConditions({ claim: 'a', greater: '1' })],
  ['a boolean that is ordered', '/anyOf/0/allOf/0/less', withConditions({ claim: 'a', less: true })],
  ['existence as a number', '/anyOf/0/allOf/0/exists', withConditions({ claim: 'a', exists: 1 })],
  [
    'a number beyond exactness',
    '/anyOf/0/allOf/0/equals',
    '{"version":"1.0.0","anyOf":[{"authority":"https://a.test","allOf":[{"claim":"a","equals":9007199254740993}]}]}',
  ],
  ['a long text', '/anyOf/0/allOf/0/equals', withConditions({ claim: 'a', equals: 'x'.repeat(4097) })],
  [
    'too many conditions',
    '/anyOf/0/allOf/1/anyOf/512',
    withConditions(
      { anyOf: Array.from({ length: 510 }, () => claim) },
      { anyOf: Array.from({ length: 600 }, () => claim) },
    ),
  ],
  ['too deep', `/anyOf/0/allOf/0${'/anyOf/0'.repeat(11)}`, withConditions(nested(12))],
  ...[
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a[',
    'a[]',
    'a[-1]',
    'a[01]',
    'a[1',
    "a['",
    "a['']",
    '[0]',
    'a b\n',
    'a]b',
    "a'b",
    'a[0]b',
    'x.'.repeat(16) + 'x',
    'x'.repeat(600),
  ].map(
    (path) =>
      [
        `the path ${JSON.stringify(path.slice(0, 20))}`,
        '/anyOf/0/allOf/0/claim',
        withConditions({ claim: path, equals: 1 }),
      ] as const,
  ),
];

for (const [what, pointer, text] of wrong) {
  test(`a policy is refused at its place: ${what}`, () => {
    assert.throws(() => parseReleasePolicy(text), refusal('RELEASE_POLICY_INVALID', { pointer }));
  });
}

test('as deep and as many as may be', () => {
  parseReleasePolicy(withConditions(nested(11)));
  parseReleasePolicy(withConditions(...Array.from({ length: 1024 }, () => claim)));
});

test('any JSON is a policy or is refused', () => {
  const word = fc.constantFrom('version', '1.0.0', 'anyOf', 'allOf', 'claim', 'equals', 'authority', issuer, 'a.b');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, word, fc.integer(), fc.boolean(), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 3 }),
    object: fc.dictionary(word, tie('value'), { maxKeys: 4 }),
  }));
  const text = fc.oneof(
    value,
    fc.record({
      version: fc.constant('1.0.0'),
      anyOf: fc.array(fc.record({ authority: fc.constant(issuer), allOf: value })),
    }),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        parseReleasePolicy(JSON.stringify(given));
      } catch (error) {
        assert.ok(isEnclosError(error, 'RELEASE_POLICY_INVALID'));
      }
    }),
    { numRuns: 500 },
  );
});
