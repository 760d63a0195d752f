import type { Budget } from '../budget.ts';
import type { Claim } from '../claim.ts';
import { raise } from '../policy-error.ts';
import type { Work } from '../work.ts';
import type { IncomingClaim } from './value.ts';

/** The text that distinguishes claims is built once, and looked up twice. */
const stepsALookup = 4;

/**
 * A set of claims in order of arrival. Claims from rules are added once: published policies derive the same claim in many
 * places, and mean one claim. Only claims of one list (JsonToClaimValue) may be the same.
 */
export class ClaimSet {
  readonly claims: IncomingClaim[] = [];
  readonly #budget: Budget;
  /** Values, by everything else that distinguishes claims. */
  readonly #known = new Map<string, Set<string>>();

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Adds the claims of one firing. @throws CLAIM_RULES_LIMIT */
  *addAll(claims: readonly Claim[], readOnly: boolean): Work<void> {
    const added: Claim[] = [];
    for (const claim of claims) {
      if (this.#budget.isPauseDue) yield;
      if (!this.#knownOf(claim, readOnly).has(textOf(claim))) added.push(claim);
    }
    for (const claim of added) this.add(claim, readOnly);
  }

  /** Adds a claim even if the set has the same one. @throws CLAIM_RULES_LIMIT */
  add(claim: Claim, readOnly: boolean): void {
    const { maxClaims } = this.#budget.limits;
    if (this.claims.length >= maxClaims) {
      raise('CLAIM_RULES_LIMIT', `There are more than ${maxClaims} claims (maxClaims).`);
    }
    this.#knownOf(claim, readOnly).add(textOf(claim));
    this.claims.push({ claim, readOnly });
  }

  #knownOf({ type, value, issuer }: Claim, readOnly: boolean): Set<string> {
    this.#budget.charge(stepsALookup);
    this.#budget.chargeText(type.length + (typeof value === 'string' ? value.length : 0));
    const key = `${issuer} ${readOnly} ${typeof value} ${type}`;
    const known = this.#known.get(key) ?? new Set();
    this.#known.set(key, known);
    return known;
  }
}

/**
 * The text that identifies a value among those of its type. Numbers become text: V8 hashes a number without a seed, so an
 * attacker could choose thousands of numbers that share one bucket of a set, and each lookup would walk over all of them.
 */
function textOf({ value }: Claim): string {
  return typeof value === 'string' ? value : `=${value}`;
}
