import type { Claim } from '../claim.ts';
import type { PolicySpan } from '../policy-error.ts';
import type { SectionName } from '../syntax/ast.ts';

/** What a rule did for one choice of claims. */
export interface Firing {
  /** For each condition the claims for which it held; none for a condition with `!`. */
  readonly matched: readonly (readonly Claim[])[];
  readonly did: 'permitted' | 'denied' | 'added' | 'issued' | 'issued-property';
  /** The resulting claims. None for a decision, and none when the value was JSON null. */
  readonly claims: readonly Claim[];
}

/** The outcome of one rule. Rules after one that denied are not evaluated. */
export interface TraceEntry {
  readonly section: SectionName;
  readonly rule: PolicySpan;
  readonly fired: boolean;
  readonly firings: readonly Firing[];
  /** For a rule that did not fire: the condition that no claim satisfied, together with those before it. */
  readonly failedCondition?: PolicySpan;
}
