import type { Claim, ClaimValue } from '../claim.ts';
import type { PolicySpan } from '../policy-error.ts';

/**
 * The result of an expression: no value (for JSON null), one value, or several. It is read-only when it comes from a claim from
 * which the policy may not issue anything.
 */
export interface Values {
  readonly items: readonly ClaimValue[];
  readonly readOnly: boolean;
}

export function single(value: ClaimValue, readOnly: boolean): Values {
  return { items: [value], readOnly };
}

/** A claim of the incoming set. */
export interface IncomingClaim {
  readonly claim: Claim;
  readonly readOnly: boolean;
}

/** A rule cannot be carried out on these claims. */
export class RuleFault extends Error {
  readonly span: PolicySpan | undefined;

  constructor(message: string, span?: PolicySpan) {
    super(message);
    this.span = span;
  }
}
