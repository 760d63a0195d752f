import type { Budget } from '../budget.ts';
import type { Claim } from '../claim.ts';
import { raise } from '../policy-error.ts';
import type { Work } from '../work.ts';
import type { IncomingClaim } from './value.ts';

/** The text of what makes claims differ is put together, and looked up twice. */
const stepsALookup = 4;

/**
 * A set of claims in the order in which they came. What rules make is added once: published policies derive the same
 * claim in many places, and mean it once. Only claims of one list (JsonToClaimValue) may be the same.
 */
export class ClaimSet {
  readonly claims: IncomingClaim[] = [];
  readonly #budget: Budget;
  /** Values by all else that makes claims differ. */
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

  /** Adds one whatever there is. @throws CLAIM_RULES_LIMIT */
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
 * What a value is known by among those of its type. Numbers are text here: V8 hashes a number without a seed, so an attacker
 * can choose thousands of numbers that share one bucket of a set, and each lookup would walk over all of them.
 */
function textOf({ value }: Claim): string {
  return typeof value === 'string' ? value : `=${value}`;
}
