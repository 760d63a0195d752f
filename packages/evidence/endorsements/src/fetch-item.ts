import { SharedWork } from '@enclos/bounded';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { readAnswer } from './answer.ts';
import { freshnessOf, type Freshness, type FreshnessPolicy } from './freshness.ts';
import type { ItemRequest } from './request.ts';
import type { RouteContext, Source } from './source.ts';
import { storedItem, type StoredItem } from './stored-item.ts';
import { send, type TransportOptions } from './transport.ts';

/** Where items are kept between fetches. */
export interface ItemStore {
  /** Undefined for one that is not there, or is damaged. */
  load(source: string, request: ItemRequest): Promise<StoredItem | undefined>;
  /** May fail: an item that cannot be kept is still good. */
  save(item: StoredItem): Promise<void>;
}

export interface ItemOptions extends TransportOptions {
  readonly source: Source;
  readonly store?: ItemStore;
  readonly policy?: FreshnessPolicy;
  /** Ask the network whatever the store holds. */
  readonly refresh?: boolean;
  /** Never ask the network. */
  readonly offline?: boolean;
}

export interface ObtainedItem {
  readonly item: StoredItem;
  /** `stale`: from the store, and it should have been fetched again. */
  readonly origin: 'network' | 'store' | 'stale';
  readonly freshness: Freshness;
  /** Why it could not be fetched again. */
  readonly failure?: EnclosError;
}

/**
 * An item from the store while it is fresh, else from the source. When the
 * source fails, the stored item is better than nothing, and is reported as
 * stale. What a source says on purpose (it does not have it, it withdrew it) is
 * an answer, and is not hidden so.
 *
 * @throws what `send` and `readAnswer` throw, and ENDORSEMENTS_NOT_CACHED
 */
export async function obtainItem(
  request: ItemRequest,
  options: ItemOptions,
  context: RouteContext = {},
): Promise<ObtainedItem> {
  const { source, store, policy, refresh = false, offline = false, now = () => new Date() } = options;
  const held = await store?.load(source.id, request);
  const freshness = held === undefined ? undefined : freshnessOf(held, now(), policy);
  if (held !== undefined && freshness === 'fresh' && !refresh) return { item: held, origin: 'store', freshness };
  if (offline) return offlineItem(request, source, { held, freshness });
  try {
    const item = await fetchOnce(request, options, context);
    return { item, origin: 'network', freshness: freshnessOf(item, now(), policy) };
  } catch (failure) {
    const isOutage = isEnclosError(failure) && outages.has(failure.code);
    if (held === undefined || freshness === undefined || !isOutage) throw failure;
    return { item: held, origin: 'stale', freshness, failure };
  }
}

const outages: ReadonlySet<string> = new Set([
  'ENDORSEMENTS_UNREACHABLE',
  'ENDORSEMENTS_SOURCE_FAILED',
  'ENDORSEMENTS_ANSWER_INVALID',
]);

function offlineItem(
  request: ItemRequest,
  source: Source,
  { held, freshness }: { readonly held: StoredItem | undefined; readonly freshness: Freshness | undefined },
): ObtainedItem {
  if (held !== undefined && freshness !== undefined) return { item: held, origin: 'stale', freshness };
  throw new EnclosError('ENDORSEMENTS_NOT_CACHED', `${request.text} of ${source.id} is not in the cache.`, {
    details: { item: request.text, source: source.id },
  });
}

/** By store: what is being fetched for it. Many quotes at once must not be many requests for one item. */
const underWay = new WeakMap<ItemStore, SharedWork<StoredItem>>();

async function fetchOnce(request: ItemRequest, options: ItemOptions, context: RouteContext): Promise<StoredItem> {
  const { store, source } = options;
  if (store === undefined) return fetchItem(request, options, context);
  const fetching = underWay.get(store) ?? new SharedWork<StoredItem>();
  underWay.set(store, fetching);
  return fetching.join(() => fetchItem(request, options, context), `${source.id} ${request.text}`);
}

async function fetchItem(request: ItemRequest, options: ItemOptions, context: RouteContext): Promise<StoredItem> {
  const { source, now = () => new Date() } = options;
  const route = source.route(request, context);
  const answer = await send(request.text, route, options);
  const content = readAnswer(request.text, route, answer);
  return storedItem({ source: source.id, request, fetchedAt: now().toISOString(), content });
}
