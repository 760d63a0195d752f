import type { ScenarioChanges } from '../scenario/changes.ts';
import { hasCurrentSvn, type EvidenceKind } from '../scenario/kinds.ts';
import type { ExpectedVerdict } from '../scenario/expected-verdict.ts';
import { row, type StatusScenario } from './status-scenario.ts';

/** A row before its kind is known. `undefined` takes out what a TD that is up to date would have. */
export type TdRow = readonly [
  what: string,
  changes: ScenarioChanges,
  expected?: { readonly [K in keyof ExpectedVerdict]?: ExpectedVerdict[K] | undefined },
];

export const moduleLatest = '2025-04-15T00:00:00Z';
export const moduleOld = '2023-02-15T00:00:00Z';
export const platformOld = '2023-03-15T00:00:00Z';
export const qeOld = '2023-01-15T00:00:00Z';
export const platformEarliestAdvisories = ['TEST-SA-PLATFORM-EARLIEST', 'TEST-SA-SHARED'];
export const platformLatestAdvisories = ['TEST-SA-PLATFORM-LATEST', 'TEST-SA-SHARED'];
export const moduleEarliestAdvisories = ['TEST-SA-MODULE-EARLIEST', 'TEST-SA-SHARED'];
export const moduleLatestAdvisories = ['TEST-SA-MODULE-LATEST', 'TEST-SA-SHARED'];
export const qeEarliestAdvisories = ['TEST-SA-QE-EARLIEST', 'TEST-SA-SHARED'];

/** For a TD with a part that has no level at its launch. */
export const notSupported = { status: 'TCB_NOT_SUPPORTED', tcbDate: undefined } as const;

/** Rows of one kind. Where the body has a second SVN that is like the first, so is its verdict. */
export function tdRows(kind: EvidenceKind, rows: readonly TdRow[]): readonly StatusScenario[] {
  return rows.map(([what, changes, expected = {}]) => {
    const all = { moduleStatus: 'OK', tcbDate: moduleLatest, status: 'OK', advisoryIds: [], ...expected };
    const current =
      hasCurrentSvn(kind) && expected.currentStatus === undefined
        ? { currentStatus: all.status, currentTcbDate: all.tcbDate, currentAdvisoryIds: all.advisoryIds }
        : {};
    const made = row(`${kind}: ${what}`, { ...changes, kind });
    const merged = Object.entries({ ...made.expected, ...all, ...current });
    // Only optional members can be undefined: see TdRow and `row`.
    const present = Object.fromEntries(merged.filter(([, value]) => value !== undefined)) as unknown as ExpectedVerdict;
    return Object.freeze({ ...made, expected: Object.freeze(present) });
  });
}
