import type { Budget } from '../budget.ts';
import type { Claim, ClaimValue } from '../claim.ts';
import { raise } from '../policy-error.ts';
import type { IncomingClaim } from './value.ts';

/**
 * A set of claims in the order in which they came. What rules make is added once: published policies derive the same
 * claim in many places, and mean it once. Only claims of one list (JsonToClaimValue) may be the same.
 */
export class ClaimSet {
  readonly claims: IncomingClaim[] = [];
  readonly #budget: Budget;
  /** Values by all else that makes claims differ. */
  readonly #known = new Map<string, Set<ClaimValue>>();

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Adds the claims of one firing. @throws CLAIM_RULES_LIMIT */
  addAll(claims: readonly Claim[], readOnly: boolean): void {
    const added = claims.filter((claim) => !this.#knownOf(claim, readOnly).has(claim.value));
    for (const claim of added) this.add(claim, readOnly);
  }

  /** Adds one whatever there is. @throws CLAIM_RULES_LIMIT */
  add(claim: Claim, readOnly: boolean): void {
    const { maxClaims } = this.#budget.limits;
    if (this.claims.length >= maxClaims) {
      raise('CLAIM_RULES_LIMIT', `There are more than ${maxClaims} claims (maxClaims).`);
    }
    this.#knownOf(claim, readOnly).add(claim.value);
    this.claims.push({ claim, readOnly });
  }

  #knownOf({ type, value, issuer }: Claim, readOnly: boolean): Set<ClaimValue> {
    this.#budget.chargeText(type.length + (typeof value === 'string' ? value.length : 0));
    const key = `${issuer} ${readOnly} ${type}`;
    const known = this.#known.get(key) ?? new Set();
    this.#known.set(key, known);
    return known;
  }
}
