import type { QuoteCollateral } from '@enclos/attestation';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import type { Assembly } from './assembly.ts';
import { fetchDcap, type DcapFacts, type PckFacts } from './dcap/dcap.ts';
import { freshnessOf } from './freshness.ts';
import type { ItemOptions, ItemStore, ObtainedItem } from './fetch-item.ts';
import { refuseRequest } from './refusal.ts';
import { itemReport, noticesOf, notKept, numbersNotice, type ItemReport, type Notice } from './report.ts';
import { fetchSnp, type SnpCollateral, type SnpFacts } from './snp/snp.ts';
import type { StoredItem } from './stored-item.ts';

export type EndorsementFacts = DcapFacts | PckFacts | SnpFacts;

export interface FetchOptions extends ItemOptions {
  /** Which baseline: `standard`, the default, or `early`, which a TCB recovery reaches months sooner. */
  readonly update?: 'early' | 'standard';
  /** In place of `update`: this evaluation number and no other. */
  readonly evaluationNumber?: number;
}

export interface FetchedEndorsements<C> {
  readonly collateral: C;
  readonly items: readonly ItemReport[];
  readonly notices: readonly Notice[];
}

/**
 * Gets the endorsements for a platform: from the store while they are fresh,
 * else from the source. What comes back is well-formed and belongs together;
 * whether it is genuine is for `verifyQuote` to find out.
 *
 * @throws ENDORSEMENTS_REQUEST_INVALID, ENDORSEMENTS_NOT_CACHED, and what a source does wrong:
 *   ENDORSEMENTS_UNREACHABLE, ENDORSEMENTS_SOURCE_FAILED, ENDORSEMENTS_SOURCE_REFUSED, ENDORSEMENTS_NOT_FOUND,
 *   ENDORSEMENTS_WITHDRAWN, ENDORSEMENTS_ANSWER_INVALID
 */
export function fetchEndorsements(facts: SnpFacts, options: FetchOptions): Promise<FetchedEndorsements<SnpCollateral>>;
export function fetchEndorsements(
  facts: DcapFacts | PckFacts,
  options: FetchOptions,
): Promise<FetchedEndorsements<QuoteCollateral>>;
export function fetchEndorsements(
  facts: EndorsementFacts,
  options: FetchOptions,
): Promise<FetchedEndorsements<QuoteCollateral | SnpCollateral>>;
export async function fetchEndorsements(
  facts: EndorsementFacts,
  options: FetchOptions,
): Promise<FetchedEndorsements<QuoteCollateral | SnpCollateral>> {
  if (facts.tee === 'snp') {
    if (options.update !== undefined || options.evaluationNumber !== undefined) {
      refuseRequest('AMD has no baselines: leave out update and evaluation number.');
    }
    return finish(await inTurn(options, (mode) => fetchSnp(facts, mode)), options);
  }
  const baseline = baselineOf(options);
  return finish(await inTurn(options, (mode) => fetchDcap(facts, baseline, mode)), options);
}

function baselineOf({ update, evaluationNumber }: FetchOptions): string | number {
  if (evaluationNumber === undefined) return update ?? 'standard';
  if (update !== undefined) refuseRequest('update and an evaluation number exclude each other: give one of them.');
  return evaluationNumber;
}

/**
 * Parts that were fetched at different times may not fit each other, so what
 * does not fit is fetched anew; and when what is new does not fit, the store
 * may still have a set that does.
 */
async function inTurn<C>(
  options: FetchOptions,
  assemble: (mode: FetchOptions) => Promise<Assembly<C>>,
): Promise<Assembly<C>> {
  const { store, offline = false, refresh = false } = options;
  try {
    return await assemble(options);
  } catch (error) {
    if (store === undefined || offline || !isMisfit(error)) throw error;
    try {
      if (refresh) throw error;
      return await assemble({ ...options, refresh: true });
    } catch (again) {
      if (!isMisfit(again)) throw again;
      const { obtained, collateral } = await assemble({ ...options, offline: true, refresh: false }).catch(() => {
        throw again;
      });
      return { collateral, obtained: obtained.map((each) => ({ ...each, origin: 'stale', failure: again })) };
    }
  }
}

function isMisfit(error: unknown): error is EnclosError {
  return isEnclosError(error, 'ENDORSEMENTS_ANSWER_INVALID');
}

async function finish<C>(
  { collateral, obtained }: Assembly<C>,
  { store, policy, now = () => new Date() }: FetchOptions,
): Promise<FetchedEndorsements<C>> {
  const kept = store === undefined ? [] : await Promise.all(obtained.map((each) => keep(each, store)));
  const notices = [...obtained.flatMap(noticesOf), ...numbersNotice(obtained), ...kept.flat()];
  const items = obtained.map(({ item, origin }) => itemReport(item, origin, freshnessOf(item, now(), policy)));
  return Object.freeze({ collateral, items: Object.freeze(items), notices: Object.freeze(notices) });
}

const keptAlready = new WeakSet<StoredItem>();

/** Keeps the items only after everything has been read and fits together. */
async function keep({ item, origin }: ObtainedItem, store: ItemStore): Promise<readonly Notice[]> {
  if (origin !== 'network' || keptAlready.has(item)) return [];
  keptAlready.add(item);
  try {
    await store.save(item);
    return [];
  } catch (error) {
    return [notKept(item, error)];
  }
}
