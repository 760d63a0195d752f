import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzz as fuzzJmesPath } from '../fuzz/jmespath.fuzz.ts';
import { fuzz as fuzzPolicy } from '../fuzz/policy.fuzz.ts';
import { evaluatePolicy, formatPolicy, parsePolicy, PolicyError, type Claim, type Policy } from '../src/index.ts';
import { policyText } from './policies.ts';

const claims: fc.Arbitrary<readonly Claim[]> = fc.array(
  fc.record({
    type: fc.constantFrom('a', 'b', 'json', 'pcrs', '__proto__'),
    value: fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.boolean(),
      fc.constantFrom('a', '[1, "a"]', '{"a": null}', 'a.b'),
    ),
    issuer: fc.constantFrom('AttestationService', 'AttestationPolicy', 'CustomClaim'),
  }),
  { maxLength: 6 },
);

function parsed(text: string): Policy | undefined {
  try {
    return parsePolicy(text);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    assert.ok(error.diagnostics.length > 0);
    for (const { span } of error.diagnostics) assert.ok(span.start <= span.end && span.end <= text.length);
    return undefined;
  }
}

/** The tree without places. */
function tree({ version, sections }: Policy): unknown {
  return JSON.parse(
    JSON.stringify({ version, sections }, (key, value: unknown) => (key === 'span' ? undefined : value)),
  );
}

/** What comes of it, or the error. */
function outcome(policy: Policy, given: readonly Claim[]): unknown {
  try {
    return evaluatePolicy(policy, { claims: given, limits: { maxSteps: 20_000 } });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    assert.ok(['CLAIM_RULES_EVALUATION', 'CLAIM_RULES_LIMIT'].includes(error.code), error.code);
    return error.code;
  }
}

test('a formatted policy is the same policy, and stays as it is', () => {
  let policies = 0;
  fc.assert(
    fc.property(policyText, (text) => {
      const policy = parsed(text);
      if (policy === undefined) return;
      policies++;
      const formatted = formatPolicy(policy);
      assert.deepEqual(tree(parsePolicy(formatted)), tree(policy));
      assert.equal(formatPolicy(formatted), formatted);
      const comments = (source: string): number =>
        source.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(/\/\*|\/\//).length;
      assert.equal(comments(formatted), comments(text));
    }),
    { numRuns: 500 },
  );
  assert.ok(policies > 250, String(policies));
});

test('an evaluation ends, and always in the same way', () => {
  let results = 0;
  fc.assert(
    fc.property(policyText, claims, (text, given) => {
      const policy = parsed(text);
      if (policy === undefined) return;
      const first = outcome(policy, given);
      if (typeof first !== 'string') results++;
      assert.deepEqual(outcome(parsePolicy(text), structuredClone(given)), first);
      assert.deepEqual(outcome(parsePolicy(formatPolicy(policy)), given), rebased(first, policy, given));
    }),
    { numRuns: 500 },
  );
  assert.ok(results > 50, String(results));
});

/** The same with the place of the rule that denied in the formatted text. */
function rebased(result: unknown, policy: Policy, given: readonly Claim[]): unknown {
  if (typeof result !== 'object' || result === null || !('refusal' in result)) return result;
  const other = outcome(parsePolicy(formatPolicy(policy)), given);
  assert.ok(typeof other === 'object' && other !== null && 'refusal' in other);
  return { ...result, refusal: other.refusal };
}

test('any text is a policy, or refused with places in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => fuzzPolicy(new TextEncoder().encode(text))),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fuzzPolicy));
});

test('any query of any JSON finds JSON, or is refused', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fuzzJmesPath));
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.json(), (query, json) =>
      fuzzJmesPath(new TextEncoder().encode(`${query}\n${json}`)),
    ),
  );
});
