import type { Claim } from '../claim.ts';
import type { PolicySpan } from '../policy-error.ts';
import type { SectionName } from '../syntax/ast.ts';

/** What a rule did for one choice of claims. */
export interface Firing {
  /** For each condition the claims that it was true of; none for one with `!`. */
  readonly matched: readonly (readonly Claim[])[];
  readonly did: 'permitted' | 'denied' | 'added' | 'issued' | 'issued-property';
  /** What came of it. None of a decision, and none where the value was JSON null. */
  readonly claims: readonly Claim[];
}

/** What became of one rule. Rules after one that denied are not looked at. */
export interface TraceEntry {
  readonly section: SectionName;
  readonly rule: PolicySpan;
  readonly fired: boolean;
  readonly firings: readonly Firing[];
  /** Of a rule that did not fire: the condition that no claim, with those before it, satisfied. */
  readonly failedCondition?: PolicySpan;
}
