import type { ItemKind } from './request.ts';
import type { StoredItem } from './stored-item.ts';

/** When an item is fetched again, before it ends. */
export interface FreshnessPolicy {
  /** When less than this share of its lifetime remains. Default: a quarter. */
  readonly refreshBelowShare?: number;
  /** When it was fetched longer ago than this: a day by default, since Intel may publish at any time. */
  readonly refreshAfterMs?: number;
  /** The same for certificates, which do not change: 30 days. */
  readonly certificatesRefreshAfterMs?: number;
}

export type Freshness = 'fresh' | 'due' | 'expired' | 'not-yet-valid';

const dayMs = 86_400_000;
const certificates: ReadonlySet<ItemKind> = new Set(['pck-certificate', 'snp-certificate', 'snp-chain']);

/** The freshness of an item at a time. `due`: good, and time to fetch it again. */
export function freshnessOf(
  { request, facts, fetchedAt }: StoredItem,
  now: Date,
  policy: FreshnessPolicy = {},
): Freshness {
  const { refreshBelowShare = 0.25, refreshAfterMs = dayMs, certificatesRefreshAfterMs = 30 * dayMs } = policy;
  const [issued, expires, fetched, at] = [
    Date.parse(facts.issuedAt),
    Date.parse(facts.expiresAt),
    Date.parse(fetchedAt),
    now.getTime(),
  ];
  if (at > expires) return 'expired';
  if (at < issued) return 'not-yet-valid';
  const age = at - fetched;
  const oldest = certificates.has(request.kind) ? certificatesRefreshAfterMs : refreshAfterMs;
  // A clock that went back makes the age of what was fetched unknown.
  if (age < 0 || age > oldest) return 'due';
  return expires - at < refreshBelowShare * (expires - issued) ? 'due' : 'fresh';
}
