import type { Budget } from '../budget.ts';
import type { Claim } from '../claim.ts';
import { raise } from '../policy-error.ts';
import type { Work } from '../work.ts';
import type { IncomingClaim } from './value.ts';

/** A claim is compared with those of its type, or looked up among them by text. */
const stepsALookup = 4;

/**
 * A set of claims in order of arrival. Claims from rules are added once: published policies derive the same claim in many
 * places, and mean one claim. Only claims of one list (JsonToClaimValue) may be the same.
 */
export class ClaimSet {
  readonly claims: IncomingClaim[] = [];
  readonly #budget: Budget;
  /** By type. Few claims share one, and a set with texts for each would cost more than the rules. */
  #known: Map<string, SameType> | undefined;
  /** How many of the claims are in it: those that came before the first rule that adds one wait for that. */
  #indexed = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Adds the claims of one firing. @throws CLAIM_RULES_LIMIT */
  *addAll(claims: readonly Claim[], readOnly: boolean): Work<void> {
    const added: Claim[] = [];
    for (const claim of claims) {
      if (this.#budget.isPauseDue) yield;
      this.#chargeLookup(claim);
      if (!this.#has(claim, readOnly)) added.push(claim);
    }
    for (const claim of added) this.add(claim, readOnly);
  }

  /** Adds a claim even if the set has the same one. @throws CLAIM_RULES_LIMIT */
  add(claim: Claim, readOnly: boolean): void {
    const { maxClaims } = this.#budget.limits;
    if (this.claims.length >= maxClaims) {
      raise('CLAIM_RULES_LIMIT', `There are more than ${maxClaims} claims (maxClaims).`);
    }
    this.#chargeLookup(claim);
    this.claims.push({ claim, readOnly });
  }

  #has(claim: Claim, readOnly: boolean): boolean {
    if (this.claims.length === 0) return false;
    const known = (this.#known ??= new Map<string, SameType>());
    for (; this.#indexed < this.claims.length; this.#indexed++) {
      const incoming = this.claims[this.#indexed];
      if (incoming === undefined) continue;
      const same = known.get(incoming.claim.type);
      if (same === undefined) known.set(incoming.claim.type, new SameType(incoming));
      else same.add(incoming);
    }
    return known.get(claim.type)?.has(claim, readOnly) ?? false;
  }

  #chargeLookup({ type, value }: Claim): void {
    this.#budget.charge(stepsALookup);
    this.#budget.chargeText(type.length + (typeof value === 'string' ? value.length : 0));
  }
}

/** So many claims of one type are compared with each other, and more are looked up by text. */
const mostCompared = 4;

/** The claims of one type. */
class SameType {
  readonly #few: IncomingClaim[];
  #many: Set<string> | undefined;

  constructor(first: IncomingClaim) {
    this.#few = [first];
  }

  has(claim: Claim, readOnly: boolean): boolean {
    if (this.#many !== undefined) return this.#many.has(textOf(claim, readOnly));
    return this.#few.some(
      (known) =>
        known.claim.value === claim.value && known.claim.issuer === claim.issuer && known.readOnly === readOnly,
    );
  }

  add(incoming: IncomingClaim): void {
    if (this.#many !== undefined) {
      this.#many.add(textOf(incoming.claim, incoming.readOnly));
    } else if (this.#few.length < mostCompared) {
      this.#few.push(incoming);
    } else {
      this.#many = new Set([...this.#few, incoming].map((known) => textOf(known.claim, known.readOnly)));
    }
  }
}

/**
 * The text that identifies a claim among those of its type. Numbers become text: V8 hashes a number without a seed, so an
 * attacker could choose thousands of numbers that share one bucket of a set, and each lookup would walk over all of them.
 */
function textOf({ value, issuer }: Claim, readOnly: boolean): string {
  return `${issuer} ${readOnly} ${typeof value} ${value}`;
}
