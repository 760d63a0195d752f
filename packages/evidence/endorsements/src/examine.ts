import { freshnessOf, type Freshness, type FreshnessPolicy } from './freshness.ts';
import type { EvaluationNumber } from './signed-document.ts';
import type { StoredItem } from './stored-item.ts';

/** How far a baseline lags the newest that Intel has published. */
export interface BaselineLag {
  /** The newest number that Intel lists. */
  readonly newest: number;
  /** Recoveries between this item and the newest. */
  readonly behind: number;
  /** When the vulnerabilities of the oldest of them became public: 2025-05-13T00:00:00Z. */
  readonly since?: string;
  /** Whether Intel still lists the number of this item. */
  readonly listed: boolean;
}

/** The facts of one item in the cache. */
export interface ExaminedItem {
  readonly item: string;
  readonly source: string;
  readonly freshness: Freshness;
  readonly fetchedAt: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** Since it was fetched, and since its issuer signed it. */
  readonly ageSeconds: number;
  readonly issueAgeSeconds: number;
  readonly evaluationNumber?: number;
  /** Present when the numbers are available. */
  readonly lag?: BaselineLag;
  /** What to do; absent when there is nothing to do. */
  readonly advice?: string;
}

/**
 * Looks at kept items: age, end, baseline, and what to do. A list of evaluation
 * numbers among them tells the lag of whatever is signed under the same root,
 * wherever it was fetched: mirrors lag, and Intel knows by how much.
 */
export function examineItems(
  items: readonly StoredItem[],
  now: Date,
  policy?: FreshnessPolicy,
): readonly ExaminedItem[] {
  const lists = new Map(
    items.flatMap((item) => {
      const { evaluationNumbers } = item.facts;
      return evaluationNumbers === undefined ? [] : [[family(item), evaluationNumbers] as const];
    }),
  );
  return items.map((item) => {
    const numbers = lists.get(family(item));
    return examine(item, { now, numbers, freshness: freshnessOf(item, now, policy) });
  });
}

/** What has one list of evaluation numbers. */
function family({ request, facts }: StoredItem): string {
  return `${request.parameters['tee']} ${facts.rootKey}`;
}

interface Circumstances {
  readonly now: Date;
  readonly numbers: readonly EvaluationNumber[] | undefined;
  readonly freshness: Freshness;
}

function examine(item: StoredItem, { now, numbers, freshness }: Circumstances): ExaminedItem {
  const { issuedAt, expiresAt, evaluationNumber } = item.facts;
  const lag = evaluationNumber === undefined || numbers === undefined ? undefined : lagOf(evaluationNumber, numbers);
  const advice = adviceFor(item, freshness, lag);
  const secondsSince = (time: string): number => Math.floor((now.getTime() - Date.parse(time)) / 1000);
  return Object.freeze({
    item: item.request.text,
    source: item.source,
    freshness,
    fetchedAt: item.fetchedAt,
    issuedAt,
    expiresAt,
    ageSeconds: secondsSince(item.fetchedAt),
    issueAgeSeconds: secondsSince(issuedAt),
    ...(evaluationNumber === undefined ? {} : { evaluationNumber }),
    ...(lag === undefined ? {} : { lag }),
    ...(advice === undefined ? {} : { advice }),
  });
}

function lagOf(own: number, numbers: readonly EvaluationNumber[]): BaselineLag {
  const later = numbers.filter(({ number }) => number > own);
  const oldest = later.at(-1);
  return Object.freeze({
    newest: Math.max(own, numbers[0]?.number ?? 0),
    behind: later.length,
    listed: numbers.some(({ number }) => number === own),
    ...(oldest === undefined ? {} : { since: oldest.recoveryEvent }),
  });
}

const advices: Readonly<Record<Freshness, string | undefined>> = {
  fresh: undefined,
  due: 'Fetch it again: it was fetched long ago, or comes to its end.',
  expired: 'Fetch it again: verifiers report it as expired. If the source still gives this one, ask another source.',
  'not-yet-valid': 'Set the clock of this machine: the item was issued after it.',
};

function adviceFor({ request }: StoredItem, freshness: Freshness, lag: BaselineLag | undefined): string | undefined {
  const own = advices[freshness];
  if (own !== undefined) return own;
  if (lag === undefined || lag.behind === 0) return undefined;
  const isNumber = /^\d/.test(request.parameters['baseline'] ?? '');
  if (isNumber && !lag.listed) {
    return 'Choose a later evaluation number: this one is no longer listed, and will be withdrawn.';
  }
  return 'Fetch with --update early as well, and see which machines are out of date before the standard baseline moves.';
}
