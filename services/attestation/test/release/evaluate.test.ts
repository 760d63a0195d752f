import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VerifiedToken } from '@enclos/attestation/client';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { evaluateRelease, parseReleasePolicy, type ReleasePolicy } from '../../src/release/index.ts';
import { issuer, refusal, tokenWith } from './tokens.ts';

const policyOf = (conditions: object, authority = issuer): ReleasePolicy =>
  parseReleasePolicy(JSON.stringify({ version: '1.0.0', anyOf: [{ authority, ...conditions }] }));

const token = await tokenWith({
  text: 'abc',
  word: 'false',
  yes: true,
  zero: 0,
  seven: 7,
  half: 0.5,
  nothing: null,
  huge: 2 ** 60,
  list: [{ kid: 'a' }, { kid: 'b' }],
  'with.dot': { 'x]': 1 },
  'x-ms-isolation-tee': { 'x-ms-compliance-status': 'azure-compliant-cvm' },
});

type Condition = readonly [condition: object, holds: boolean];

const conditions: readonly Condition[] = [
  [{ claim: 'text', equals: 'abc' }, true],
  [{ claim: 'text', equals: 'ABC' }, false],
  [{ claim: 'text', notEquals: 'abd' }, true],
  [{ claim: 'text', notEquals: 'abc' }, false],
  [{ claim: 'text', equals: 1 }, false],
  [{ claim: 'text', notEquals: 1 }, false],
  [{ claim: 'text', notEquals: true }, false],
  [{ claim: 'yes', equals: true }, true],
  [{ claim: 'yes', equals: 'true' }, true],
  [{ claim: 'yes', equals: 'True' }, false],
  [{ claim: 'yes', equals: false }, false],
  [{ claim: 'yes', notEquals: 'true' }, false],
  [{ claim: 'yes', notEquals: 'false' }, true],
  [{ claim: 'yes', equals: 1 }, false],
  [{ claim: 'word', equals: false }, true],
  [{ claim: 'word', notEquals: true }, true],
  [{ claim: 'zero', equals: false }, false],
  [{ claim: 'zero', equals: 0 }, true],
  [{ claim: 'zero', exists: true }, true],
  [{ claim: 'nothing', exists: true }, true],
  [{ claim: 'nothing', notEquals: 'abc' }, false],
  [{ claim: 'seven', equals: 7 }, true],
  [{ claim: 'seven', equals: '7' }, false],
  [{ claim: 'seven', notEquals: '8' }, false],
  [{ claim: 'seven', notEquals: 8 }, true],
  [{ claim: 'seven', notEquals: 7 }, false],
  [{ claim: 'seven', greater: 6 }, true],
  [{ claim: 'seven', greater: 7 }, false],
  [{ claim: 'seven', greaterOrEquals: 7 }, true],
  [{ claim: 'seven', greaterOrEquals: 8 }, false],
  [{ claim: 'seven', less: 8 }, true],
  [{ claim: 'seven', less: 7 }, false],
  [{ claim: 'seven', lessOrEquals: 7 }, true],
  [{ claim: 'seven', lessOrEquals: 6 }, false],
  [{ claim: 'half', less: 1 }, true],
  [{ claim: 'text', less: 1 }, false],
  [{ claim: 'huge', greater: 1 }, false],
  [{ claim: 'huge', notEquals: 1 }, false],
  [{ claim: 'absent', exists: false }, true],
  [{ claim: 'absent', exists: true }, false],
  [{ claim: 'absent', equals: 'abc' }, false],
  [{ claim: 'absent', notEquals: 'abc' }, false],
  [{ claim: 'absent', less: 1 }, false],
  [{ claim: 'text', exists: false }, false],
  [{ claim: 'list', equals: 'a' }, false],
  [{ claim: 'list[1].kid', equals: 'b' }, true],
  [{ claim: 'list[2].kid', exists: true }, false],
  [{ claim: 'list.length', exists: true }, false],
  [{ claim: 'list.1.kid', exists: true }, false],
  [{ claim: 'text[0]', exists: true }, false],
  [{ claim: 'text.length', exists: true }, false],
  [{ claim: "['with.dot']['x]']", equals: 1 }, true],
  [{ claim: 'with.dot', exists: true }, false],
  [{ claim: 'x-ms-isolation-tee.x-ms-compliance-status', equals: 'azure-compliant-cvm' }, true],
  [{ claim: 'constructor', exists: true }, false],
  [{ claim: '__proto__', exists: true }, false],
  [{ claim: 'list.constructor', exists: true }, false],
];

for (const [condition, isMet] of conditions) {
  test(`${JSON.stringify(condition)} ${isMet ? 'holds' : 'does not hold'}`, () => {
    const policy = policyOf({ allOf: [condition] });
    if (isMet) assert.equal(evaluateRelease(policy, token).pointer, '/anyOf/0');
    else assert.throws(() => evaluateRelease(policy, token), refusal('RELEASE_REFUSED', { issuer }));
  });
}

test('a refusal names each condition that did not hold, and no value of a claim', () => {
  const policy = policyOf({
    allOf: [
      { claim: 'text', equals: 'abc' },
      { claim: 'seven', greater: 7 },
      {
        anyOf: [
          { claim: 'absent', equals: 'x' },
          { claim: 'text', equals: 'secret' },
        ],
      },
    ],
  });
  assert.throws(
    () => evaluateRelease(policy, token),
    (error) => {
      assert.ok(isEnclosError(error, 'RELEASE_REFUSED'));
      assert.deepEqual(error.details['reasons'], [
        '/anyOf/0/allOf/1: the claim seven does not satisfy greater.',
        '/anyOf/0/allOf/2/anyOf/0: the claim absent is not in the token.',
        '/anyOf/0/allOf/2/anyOf/1: the claim text does not satisfy equals.',
      ]);
      return true;
    },
  );
});

test('only the authority that issued the token counts', () => {
  const met = { allOf: [{ claim: 'text', equals: 'abc' }] };
  for (const authority of ['https://other.test', `${issuer}/tenant`, `${issuer}:8443`]) {
    assert.throws(
      () => evaluateRelease(policyOf(met, authority), token),
      (error) => {
        assert.ok(isEnclosError(error, 'RELEASE_REFUSED'));
        assert.deepEqual(error.details['reasons'], [`No authority of the policy is ${issuer}.`]);
        return true;
      },
    );
  }
  const second = parseReleasePolicy(
    JSON.stringify({
      version: '1.0.0',
      anyOf: [
        { authority: 'https://other.test', ...met },
        { authority: issuer, allOf: [{ claim: 'absent', equals: 1 }] },
        { authority: 'HTTPS://MAA.EXAMPLE.TEST:443/', ...met },
      ],
    }),
  );
  const grant = evaluateRelease(second, token);
  assert.deepEqual([grant.pointer, grant.issuer, grant.token], ['/anyOf/2', issuer, token]);
});

test('claims that nobody verified are not looked at', () => {
  const policy = policyOf({ allOf: [{ claim: 'text', equals: 'abc' }] });
  const copies = [{ ...token }, { issuer, claims: token.claims }, null] as unknown as readonly VerifiedToken[];
  for (const copy of copies) assert.throws(() => evaluateRelease(policy, copy), refusal('RELEASE_MISUSED', {}));
});

const leaf = fc.constantFrom(...conditions.map(([condition, isMet]) => ({ condition, isMet })));
const { tree } = fc.letrec<{ tree: { condition: object; isMet: boolean } }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('tree'), { minLength: 1, maxLength: 4 }).map((parts) => ({
      condition: { allOf: parts.map(({ condition }) => condition) },
      isMet: parts.every(({ isMet }) => isMet),
    })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 4 }).map((parts) => ({
      condition: { anyOf: parts.map(({ condition }) => condition) },
      isMet: parts.some(({ isMet }) => isMet),
    })),
  ),
}));

test('groups are as logic has them, twice the same, and a refusal always says why', () => {
  fc.assert(
    fc.property(tree, ({ condition, isMet }) => {
      const policy = policyOf({ allOf: [condition] });
      const outcomes = [1, 2].map(() => {
        try {
          return evaluateRelease(policy, token).pointer;
        } catch (error) {
          if (!isEnclosError(error, 'RELEASE_REFUSED')) throw error;
          return error.details['reasons'];
        }
      });
      assert.deepEqual(outcomes[0], outcomes[1]);
      assert.equal(typeof outcomes[0] === 'string', isMet);
      assert.notDeepEqual(outcomes[0], []);
    }),
    { numRuns: 300 },
  );
});
