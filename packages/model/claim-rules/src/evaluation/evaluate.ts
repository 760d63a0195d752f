import { claimIssuers, type Claim } from '../claim.ts';
import { isLongerThan, limitsOf, type Limits, type PolicyLimits } from '../limits.ts';
import { raise } from '../policy-error.ts';
import type { Policy } from '../syntax/ast.ts';
import { finish, finishInTurns, type Turns, type Work } from '../work.ts';
import { Run, type Refusal } from './run.ts';
import type { TraceEntry } from './trace.ts';

export interface ConfigurationOptions {
  readonly limits?: PolicyLimits;
}

export interface EvaluationOptions extends ConfigurationOptions {
  /** The incoming set, in the order in which rules meet it. */
  readonly claims: readonly Claim[];
  /** Types of claims of the service that a policy may read, but from which it may not issue anything. Default: pcrs. */
  readonly readOnlyTypes?: readonly string[];
  /** Report the outcome of each rule. This costs additional steps. */
  readonly trace?: boolean;
}

/** The result of a policy for a set of claims. */
export interface Evaluation {
  readonly permitted: boolean;
  /** Why the policy does not permit. */
  readonly refusal?: Refusal;
  /** The claims that the policy issues; empty unless it permits. */
  readonly outgoing: readonly Claim[];
  /** The properties from configurationrules and, if the policy permits, from issuancerules. */
  readonly properties: readonly Claim[];
  /** The steps that the evaluation took. */
  readonly steps: number;
  readonly trace?: readonly TraceEntry[];
}

/**
 * The properties that configurationrules issue. They say how to appraise evidence, so they are found before that, and see none
 * of its claims.
 * @throws PolicyError with CLAIM_RULES_EVALUATION, CLAIM_RULES_LIMIT, CLAIM_RULES_ARGUMENT
 */
export function evaluateConfiguration(policy: Policy, options: ConfigurationOptions = {}): readonly Claim[] {
  return finish(configuration(policy, options));
}

/** The same, in turns with other work. @throws as {@link evaluateConfiguration} */
export function evaluateConfigurationInTurns(
  policy: Policy,
  { turns, ...options }: ConfigurationOptions & { readonly turns: Turns },
): Promise<readonly Claim[]> {
  return finishInTurns(configuration(policy, options), turns);
}

/**
 * Evaluates a policy: configuration, then authorization on the claims, then, if that permits, issuance. The same policy
 * and the same claims give the same result everywhere.
 * @throws PolicyError with CLAIM_RULES_EVALUATION when a rule cannot be carried out, CLAIM_RULES_LIMIT,
 * CLAIM_RULES_ARGUMENT. Then nothing is permitted.
 */
export function evaluatePolicy(policy: Policy, options: EvaluationOptions): Evaluation {
  return finish(evaluation(policy, options));
}

/**
 * The same, in turns with other work: it pauses every 20 ms (`turns.sliceMs`). As without pauses, the steps decide the result,
 * never the clock. Claims and policy must not change meanwhile; claims are copied at the beginning.
 * @throws as {@link evaluatePolicy}
 */
export function evaluatePolicyInTurns(
  policy: Policy,
  { turns, ...options }: EvaluationOptions & { readonly turns: Turns },
): Promise<Evaluation> {
  return finishInTurns(evaluation(policy, options), turns);
}

function* configuration(policy: Policy, { limits }: ConfigurationOptions): Work<readonly Claim[]> {
  const run = new Run(limitsOf(limits), false);
  yield* run.section(policy, 'configurationrules');
  return Object.freeze(run.properties);
}

function* evaluation(policy: Policy, options: EvaluationOptions): Work<Evaluation> {
  const limits = limitsOf(options.limits);
  if (options.claims.length > limits.maxClaims) {
    raise('CLAIM_RULES_LIMIT', `There are more than ${limits.maxClaims} claims (maxClaims).`);
  }
  const claims = options.claims.map((claim) => checkedClaim(claim, limits));
  const readOnly = new Set(options.readOnlyTypes ?? ['pcrs']);
  const run = new Run(limits, options.trace === true);
  // Configuration sees no evidence, so the claims come after it.
  yield* run.section(policy, 'configurationrules');
  for (const claim of claims) run.receive(claim, claim.issuer === 'AttestationService' && readOnly.has(claim.type));
  yield* run.section(policy, 'authorizationrules');
  const { refusal } = run;
  if (refusal === undefined) yield* run.section(policy, 'issuancerules');
  return Object.freeze({
    permitted: refusal === undefined,
    ...(refusal === undefined ? {} : { refusal: Object.freeze(refusal) }),
    outgoing: Object.freeze(run.outgoing),
    properties: Object.freeze(run.properties),
    steps: run.budget.steps,
    ...(run.trace === undefined ? {} : { trace: Object.freeze(run.trace) }),
  });
}

/** A copy that the caller cannot change while rules read it. */
function checkedClaim({ type, value, issuer }: Claim, limits: Limits): Claim {
  if (typeof type !== 'string' || type === '') {
    raise('CLAIM_RULES_ARGUMENT', 'The type of a claim is text that is not empty.');
  }
  const isValue = typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value);
  if (!isValue) {
    raise('CLAIM_RULES_ARGUMENT', `The value of the claim ${named(type)} is not text, a safe integer or a boolean.`);
  }
  if (!claimIssuers.includes(issuer)) {
    raise('CLAIM_RULES_ARGUMENT', `The issuer of the claim ${named(type)} is not one of ${claimIssuers.join(', ')}.`);
  }
  const { maxStringBytes } = limits;
  if (isLongerThan(type, maxStringBytes) || (typeof value === 'string' && isLongerThan(value, maxStringBytes))) {
    raise('CLAIM_RULES_LIMIT', `The claim ${named(type)} has more than ${maxStringBytes} bytes (maxStringBytes).`);
  }
  // Minus zero equals zero, but is written differently. What leaves the evaluation is frozen then: most claims only pass by.
  return { type, value: typeof value === 'number' ? value + 0 : value, issuer };
}

function named(type: string): string {
  return JSON.stringify(type.slice(0, 60));
}
