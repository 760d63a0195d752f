import type { ScenarioChanges } from '../scenario/changes.ts';
import type { RefusalStatus } from '../scenario/statuses.ts';

/**
 * What a rule belongs to, in the order in which QVL applies them:
 * the PCK chain and its lists, the TCB info, the enclave identity, the quote.
 */
export type RuleGroup = 'pck-chain' | 'tcb-info' | 'qe-identity' | 'quote';

export interface RefusalScenario {
  readonly name: string;
  readonly group: RuleGroup;
  readonly changes: ScenarioChanges;
  /** QVL's name for it. */
  readonly status: RefusalStatus;
  /**
   * A rule of RFC 5280 or of the format that QVL leaves out or does not name:
   * the status is the nearest of its names, and a verifier may use another.
   */
  readonly strict?: true;
}

/** A rule that QVL has. */
export function refusal(
  group: RuleGroup,
  name: string,
  status: RefusalStatus,
  changes: ScenarioChanges,
): RefusalScenario {
  return Object.freeze({ name: `${group}: ${name}`, group, changes: Object.freeze(changes), status });
}

/** A rule beyond QVL. */
export function strictRefusal(...parts: Parameters<typeof refusal>): RefusalScenario {
  return Object.freeze({ ...refusal(...parts), strict: true });
}
