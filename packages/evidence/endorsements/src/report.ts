import { isEnclosError } from '@enclos/errors';
import type { ObtainedItem } from './fetch-item.ts';
import type { Freshness } from './freshness.ts';
import type { StoredItem } from './stored-item.ts';

/** One item that the collateral is made of. Dates are like 2025-06-19T10:56:11Z. */
export interface ItemReport {
  /** `tcb-info?baseline=standard&fmspc=00906ed50000&tee=sgx` */
  readonly item: string;
  readonly source: string;
  readonly origin: ObtainedItem['origin'];
  readonly freshness: Freshness;
  readonly fetchedAt: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly evaluationNumber?: number;
}

/** A notice for users of the collateral. */
export interface Notice {
  /**
   * `stale`: it should have been fetched again. `expired` and `not-yet-valid`: by the clock. `numbers-differ`: TCB info
   * and QE identity are of two evaluations. `not-kept`: the store did not take it.
   */
  readonly kind: 'stale' | 'expired' | 'not-yet-valid' | 'numbers-differ' | 'not-kept';
  readonly item: string;
  /** The code of the error that caused it. */
  readonly code?: string;
  readonly message: string;
}

/** What a stored item says of itself, for people and programs. */
export function itemReport(item: StoredItem, origin: ObtainedItem['origin'], freshness: Freshness): ItemReport {
  const { issuedAt, expiresAt, evaluationNumber } = item.facts;
  return Object.freeze({
    item: item.request.text,
    source: item.source,
    origin,
    freshness,
    fetchedAt: `${item.fetchedAt.slice(0, 19)}Z`,
    issuedAt,
    expiresAt,
    ...(evaluationNumber === undefined ? {} : { evaluationNumber }),
  });
}

/** The report of one item. */
export function noticesOf({ item, origin, freshness, failure }: ObtainedItem): readonly Notice[] {
  const notices: Notice[] = [];
  const about = item.request.text;
  if (origin === 'stale' && (failure !== undefined || freshness === 'due')) {
    const why = failure === undefined ? 'the network was not asked' : failure.message.replace(/\.$/, '');
    notices.push({
      kind: 'stale',
      item: about,
      ...codeOf(failure),
      message: `It was fetched at ${item.fetchedAt} and should be fetched again: ${why}.`,
    });
  }
  if (freshness === 'expired') {
    notices.push({ kind: 'expired', item: about, message: `It ended at ${item.facts.expiresAt}.` });
  }
  if (freshness === 'not-yet-valid') {
    notices.push({ kind: 'not-yet-valid', item: about, message: `It begins at ${item.facts.issuedAt}.` });
  }
  return notices;
}

/** Intel publishes TCB info and identities in sets. */
export function numbersNotice(obtained: readonly ObtainedItem[]): readonly Notice[] {
  const numbered = obtained.flatMap(({ item }) =>
    item.facts.evaluationNumber === undefined ? [] : [{ item, number: item.facts.evaluationNumber }],
  );
  const [first, second] = numbered;
  if (first === undefined || second === undefined || first.number === second.number) return [];
  const message = `Its evaluation number is ${first.number}, that of ${second.item.request.kind} ${second.number}; the lower one counts.`;
  return [{ kind: 'numbers-differ', item: first.item.request.text, message }];
}

/** An item is good although the store does not take it. */
export function notKept({ request }: StoredItem, error: unknown): Notice {
  const message = `It could not be kept: ${error instanceof Error ? error.message : String(error)}`;
  return { kind: 'not-kept', item: request.text, ...codeOf(error), message };
}

function codeOf(error: unknown): { readonly code?: string } {
  return isEnclosError(error) ? { code: error.code } : {};
}
