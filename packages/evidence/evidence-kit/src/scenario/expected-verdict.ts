import type { ComponentStatus, DatedPart, ExpirationStatus, TcbStatus } from './statuses.ts';

/** What a verifier has to find in evidence that is genuine. */
export interface ExpectedVerdict {
  readonly status: TcbStatus;
  /** Before it converges with module and quoting enclave; of a TD 1.5 at its launch, as the next four. */
  readonly platformStatus: TcbStatus;
  /** For a TD whose module has a version. */
  readonly moduleStatus?: ComponentStatus;
  readonly qeStatus: ComponentStatus;
  /** 2025-05-14T00:00:00Z; absent when something has no level. */
  readonly tcbDate?: string;
  /** Sorted. */
  readonly advisoryIds: readonly string[];
  /** For a TD 1.5: the converged status of the modules loaded now. */
  readonly currentStatus?: TcbStatus;
  readonly currentTcbDate?: string;
  readonly currentAdvisoryIds?: readonly string[];
  /** What ended before the time of verification, and what begins after it. */
  readonly expired: readonly DatedPart[];
  readonly notYetValid: readonly DatedPart[];
  /** What QVL itself answers for that; absent when it answers `status`. */
  readonly expiration?: ExpirationStatus;
}
