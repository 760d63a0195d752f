import type { ScenarioChanges } from '../scenario/changes.ts';
import type { ExpectedVerdict } from '../scenario/expected-verdict.ts';

export interface StatusScenario {
  readonly name: string;
  readonly changes: ScenarioChanges;
  readonly expected: ExpectedVerdict;
  /** Bytes follow the quote: QVL ignores them, a verifier may want to be told that they may be there. */
  readonly hasTrailingBytes?: true;
}

/** A row of the table. What is not given is as in a platform that is up to date in all parts. */
export function row(name: string, changes: ScenarioChanges, expected: Partial<ExpectedVerdict> = {}): StatusScenario {
  return Object.freeze({
    name,
    changes: Object.freeze(changes),
    expected: Object.freeze({ ...upToDate, ...expected }),
  });
}

const upToDate: ExpectedVerdict = {
  status: 'OK',
  platformStatus: 'OK',
  qeStatus: 'OK',
  tcbDate: '2025-05-14T00:00:00Z',
  advisoryIds: [],
  expired: [],
  notYetValid: [],
};
