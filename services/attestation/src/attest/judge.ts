import {
  evaluateConfigurationInTurns,
  evaluatePolicyInTurns,
  type Claim,
  type ClaimValue,
  type Evaluation,
  type Policy,
  type PolicyLimits,
  type PolicySpan,
  type Turns,
} from '@enclos/claim-rules';
import { isEnclosError } from '@enclos/errors';
import { Refusal } from '@enclos/service/refusal';
import '../errors.ts';
import type { SignOptions } from '../tokens/signer.ts';
import type { ChosenPolicy } from './policies.ts';
import { draftLimits, tenantPolicyLimits } from './policy-limits.ts';
import type { TeeClaims } from './claims/tee-claims.ts';

function limitsOf({ origin }: ChosenPolicy): PolicyLimits {
  return origin === 'draft' ? draftLimits : tenantPolicyLimits;
}

const mostReasons = 20;

/** `x-ms-sgx-tcbidentifier` of a policy, if it has configuration rules that issue it. @throws ATTESTATION_POLICY_REFUSED */
export function tcbIdentifierOf(chosen: ChosenPolicy, turns: Turns): Promise<ClaimValue | undefined> {
  const { policy } = chosen;
  const known = identifiers.get(policy);
  if (known !== undefined) return known;
  const found = ofPolicy(async () => {
    const properties = await evaluateConfigurationInTurns(policy, { limits: limitsOf(chosen), turns });
    return propertyOf(properties, 'x-ms-sgx-tcbidentifier');
  });
  identifiers.set(policy, found);
  return found;
}

/**
 * Configuration rules see no evidence: of one policy they always make the same, or fail in the same way. A failure is
 * remembered too, or each request, whatever its evidence, would pay for it again.
 */
const identifiers = new WeakMap<Policy, Promise<ClaimValue | undefined>>();

/**
 * Evaluates the policy on the claims of the evidence.
 * @param options `explains`: with a refusal say what became of each rule that could have decided otherwise.
 * @throws ATTESTATION_POLICY_REFUSED when it does not permit, or cannot be evaluated.
 */
export async function judge(
  chosen: ChosenPolicy,
  facts: TeeClaims,
  { explains, turns }: { readonly explains: boolean; readonly turns: Turns },
): Promise<Evaluation> {
  const { incoming } = facts;
  const claims = Object.keys(incoming).map((type): Claim => {
    // A name of the object itself. Pairs of names and values would be as many objects as the claims.
    return { type, value: incoming[type] ?? '', issuer: 'AttestationService' };
  });
  const evaluate = (trace: boolean): Promise<Evaluation> => {
    const options = { claims, limits: limitsOf(chosen), trace, turns };
    return ofPolicy(() => evaluatePolicyInTurns(chosen.policy, options));
  };
  // Most is permitted, and a trace is for what is not: policies of the tenant are evaluated again for it. A draft, which any
  // caller may send, is evaluated once.
  const evaluation = await evaluate(explains && chosen.origin === 'draft');
  if (evaluation.permitted) return evaluation;
  const isDenied = evaluation.refusal?.reason === 'denied';
  const why = isDenied ? 'A Deny claim was issued' : 'No Permit claim was issued';
  const explained = explains && !isDenied && evaluation.trace === undefined ? await evaluate(true) : evaluation;
  throw new Refusal('ATTESTATION_POLICY_REFUSED', `Policy evaluation failed. ${why}, authorization failed.`, {
    explanation: { rule: isDenied ? 'denied' : 'not-permitted', ...reasonsOf(explained) },
  });
}

/** Where in the policy it was decided: the rule that denied, or the conditions that nothing satisfied. */
function reasonsOf({ refusal, trace = [] }: Evaluation): Readonly<Record<string, unknown>> {
  if (refusal?.rule !== undefined) return { policyRule: placeOf(refusal.rule) };
  const failed = trace
    .filter(({ section, fired }) => section === 'authorizationrules' && !fired)
    .slice(0, mostReasons)
    .map(({ rule, failedCondition }) => ({
      ...placeOf(rule),
      ...(failedCondition === undefined ? {} : { failedCondition: placeOf(failedCondition) }),
    }));
  return failed.length === 0 ? {} : { policyRules: failed };
}

function placeOf({ line, column }: PolicySpan): { readonly line: number; readonly column: number } {
  return { line, column };
}

/** What the properties that a policy issued say about its token, and its time. @throws ATTESTATION_POLICY_REFUSED */
export function signOptionsOf(properties: readonly Claim[], at: Date): SignOptions & { readonly at: Date } {
  const validity = propertyOf(properties, 'report_validity_in_minutes');
  const omit = propertyOf(properties, 'omit_x5c');
  if (validity !== undefined && !(typeof validity === 'number' && validity >= 1)) {
    const message = 'The policy issues a report_validity_in_minutes that is not an integer above zero.';
    throw new Refusal('ATTESTATION_POLICY_REFUSED', message);
  }
  if (omit !== undefined && typeof omit !== 'boolean') {
    throw new Refusal('ATTESTATION_POLICY_REFUSED', 'The policy issues an omit_x5c that is not a boolean.');
  }
  return {
    at,
    ...(validity === undefined ? {} : { validityMinutes: validity }),
    ...(omit === undefined ? {} : { certificate: omit ? 'x5t' : 'x5c' }),
  };
}

/** The last one counts: a later rule is the more special one. */
function propertyOf(properties: readonly Claim[], name: string): ClaimValue | undefined {
  return properties.findLast(({ type }) => type === name)?.value;
}

function ofPolicy<T>(evaluate: () => Promise<T>): Promise<T> {
  return evaluate().catch((error: unknown) => {
    if (!isEnclosError(error)) throw error;
    throw new Refusal('ATTESTATION_POLICY_REFUSED', `Policy evaluation failed. ${error.message}`, {
      explanation: { rule: error.code },
      cause: error,
    });
  });
}
