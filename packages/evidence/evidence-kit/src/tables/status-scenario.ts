import type { ScenarioChanges } from '../scenario/changes.ts';
import type { ComponentStatus, DatedPart, ExpirationStatus, TcbStatus } from '../scenario/statuses.ts';

/** What a verifier has to find in evidence that is genuine. */
export interface ExpectedVerdict {
  readonly status: TcbStatus;
  /** Before it converges with module and quoting enclave; of a TD 1.5 at its launch, as the next four. */
  readonly platformStatus: TcbStatus;
  /** Of a TD whose module has a version. */
  readonly moduleStatus?: ComponentStatus;
  readonly qeStatus: ComponentStatus;
  /** 2025-05-14T00:00:00Z; absent when something has no level. */
  readonly tcbDate?: string;
  /** Sorted. */
  readonly advisoryIds: readonly string[];
  /** Of a TD 1.5: what is loaded now, converged. */
  readonly currentStatus?: TcbStatus;
  readonly currentTcbDate?: string;
  readonly currentAdvisoryIds?: readonly string[];
  /** What ended before the time of verification, and what begins after it. */
  readonly expired: readonly DatedPart[];
  readonly notYetValid: readonly DatedPart[];
  /** What QVL itself answers for that; absent when it answers `status`. */
  readonly expiration?: ExpirationStatus;
}

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
