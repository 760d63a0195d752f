import { EnclosError } from '@enclos/errors';
import type { JsonObject, JsonValue } from '@enclos/codec/json';
import { isVerifiedToken, type VerifiedToken } from '@enclos/attestation/client';
import { claimAt } from './claim-path.ts';
import { misused } from './errors.ts';
import type { ClaimCondition, ReleaseCondition, ReleasePolicy } from './policy.ts';

/** Why a secret may be released. */
export interface ReleaseGrant {
  readonly issuer: string;
  /** The path of the authority in the policy whose conditions hold: RFC 6901. */
  readonly pointer: string;
  readonly token: VerifiedToken;
}

const maximumReasons = 32;

/**
 * Decides whether a token satisfies a policy. Only what a client of this package
 * verified is looked at, and only by authorities that issued it. A claim that is
 * not there, or is of another type than the policy's value, satisfies no operator
 * but `exists`: neither `equals` nor `notEquals`.
 *
 * Evaluation has no time and no other input: the same policy and token give the
 * same answer. Verify the token right before, since it may have expired since.
 *
 * @throws RELEASE_REFUSED; `details.reasons` names the conditions that did not hold, and no value of a claim.
 * @throws RELEASE_MISUSED for a token that no client verified.
 */
export function evaluateRelease(policy: ReleasePolicy, token: VerifiedToken): ReleaseGrant {
  if (!isVerifiedToken(token)) return misused('The token is not one that an attestation client verified.');
  const ofIssuer = policy.authorities.filter(({ issuer }) => issuer === token.issuer);
  const reasons: string[] = [];
  for (const { pointer, issuer, condition } of ofIssuer) {
    const unmet = unmetIn(condition, token.claims);
    if (unmet.length === 0) return Object.freeze({ issuer, pointer, token });
    reasons.push(...unmet);
  }
  if (ofIssuer.length === 0) reasons.push(`No authority of the policy is ${token.issuer}.`);
  const details = { reasons: reasons.slice(0, maximumReasons), issuer: token.issuer };
  throw new EnclosError('RELEASE_REFUSED', 'The token does not satisfy the release policy.', { details });
}

/** What stands in the way; empty when the condition holds. */
function unmetIn(condition: ReleaseCondition, claims: JsonObject): readonly string[] {
  if (condition.kind === 'claim') return unmetClaim(condition, claims);
  const found = condition.conditions.map((each) => unmetIn(each, claims));
  const isMet = condition.kind === 'anyOf' && found.some((unmet) => unmet.length === 0);
  return isMet ? [] : found.flat();
}

function unmetClaim(condition: ClaimCondition, claims: JsonObject): readonly string[] {
  const found = claimAt(claims, condition.path);
  if (holds(condition, found)) return [];
  const { pointer, claim, operator } = condition;
  const what = found === undefined ? 'is not in the token' : `does not satisfy ${operator}`;
  return [`${pointer}: the claim ${claim} ${what}.`];
}

function holds({ operator, value }: ClaimCondition, found: JsonValue | undefined): boolean {
  if (operator === 'exists') return (found !== undefined) === value;
  const claim = found === 'true' || found === 'false' ? found === 'true' : found;
  if (typeof claim === 'number' && typeof value === 'number') return compares(operator, claim, value);
  if (typeof claim !== typeof value) return false;
  if (operator === 'equals') return claim === value;
  return operator === 'notEquals' && claim !== value;
}

function compares(operator: Exclude<ClaimCondition['operator'], 'exists'>, claim: number, value: number): boolean {
  // Beyond exact numbers two that differ can look alike.
  if (Math.abs(claim) > Number.MAX_SAFE_INTEGER) return false;
  switch (operator) {
    case 'equals':
      return claim === value;
    case 'notEquals':
      return claim !== value;
    case 'less':
      return claim < value;
    case 'lessOrEquals':
      return claim <= value;
    case 'greater':
      return claim > value;
    case 'greaterOrEquals':
      return claim >= value;
  }
}
