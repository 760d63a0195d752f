import assert from 'node:assert/strict';
import {
  evaluatePolicy,
  parsePolicy,
  PolicyError,
  type Claim,
  type ClaimIssuer,
  type ClaimValue,
  type Evaluation,
  type EvaluationOptions,
  type PolicyLimits,
} from '../src/index.ts';

export function claim(type: string, value: ClaimValue, issuer: ClaimIssuer = 'AttestationService'): Claim {
  return { type, value, issuer };
}

/** A policy of version 1.2 that permits everything, and issues what the rules say. */
export function issuing(rules: string): string {
  return `version=1.2; authorizationrules { => permit(); }; issuancerules { ${rules} };`;
}

/** A policy of version 1.2 with these authorization rules. */
export function authorizing(rules: string): string {
  return `version=1.2; authorizationrules { ${rules} };`;
}

export function evaluate(
  text: string,
  claims: readonly Claim[] = [],
  options: Omit<EvaluationOptions, 'claims'> = {},
): Evaluation {
  return evaluatePolicy(parsePolicy(text, options.limits), { ...options, claims });
}

/** What rules issue, as `type=value`. */
export function issued(rules: string, claims: readonly Claim[] = []): readonly string[] {
  return shown(evaluate(issuing(rules), claims).outgoing);
}

export function shown(claims: readonly Claim[]): readonly string[] {
  return claims.map(({ type, value }) => `${type}=${JSON.stringify(value)}`);
}

/** The error that `run` throws. */
export function policyError(run: () => unknown): PolicyError {
  try {
    run();
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  return assert.fail('nothing was thrown');
}

/** Of each problem its code, the text that it is at, and what it says. */
export function problemsOf(text: string, limits?: PolicyLimits): readonly string[] {
  const error = policyError(() => parsePolicy(text, limits));
  return error.diagnostics.map(
    ({ code, message, span }) => `${code.replace('CLAIM_RULES_', '')} «${text.slice(span.start, span.end)}» ${message}`,
  );
}
