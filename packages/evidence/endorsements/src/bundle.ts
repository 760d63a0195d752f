import { isJsonObject, type JsonValue, parseJson, string, JsonRecord } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { ItemStore } from './fetch-item.ts';
import { parseStoredItem, storedMembers, type StoredItem } from './stored-item.ts';

const format = 'enclos-collateral-bundle-1';
const mostItems = 1024;
/** Above what a thousand items of the usual size are. */
const longestText = 67_108_864;
const members: ReadonlySet<string> = new Set(['format', 'createdAt', 'entries']);

/** Items as one JSON text, for machines without a network. In the order of their names, each once. */
export async function writeBundle(items: readonly StoredItem[], now: Date): Promise<string> {
  if (items.length > mostItems) refuse('the bundle', `more than ${mostItems} items`);
  const sorted = [...items].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const entries = await Promise.all(sorted.map(storedMembers));
  return `${JSON.stringify({ format, createdAt: now.toISOString(), entries }, undefined, 1)}\n`;
}

/**
 * Reads a bundle. Every entry must be whole and must read as what it says it
 * is; one that is not refuses them all. Like any answer of the network it is
 * worth no more than what the verifier finds signed in it.
 *
 * @throws ENDORSEMENTS_BUNDLE_INVALID; `details.entry` is the number of the entry, from 0.
 */
export async function readBundle(text: string): Promise<readonly StoredItem[]> {
  const entries = bundleEntries(text);
  const items: StoredItem[] = [];
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    try {
      const item = await parseStoredItem(entry);
      if (seen.has(nameOf(item))) throw invalid('a second entry for one request of one source');
      seen.add(nameOf(item));
      items.push(item);
    } catch (error) {
      if (!isEnclosError(error)) throw error;
      refuse(index, error.message.replace(/\.$/, ''), error);
    }
  }
  return Object.freeze(items);
}

/** The entries of a bundle, before any of them is read. @throws ENDORSEMENTS_BUNDLE_INVALID */
export function bundleEntries(text: string): readonly JsonValue[] {
  return orRefuse('the bundle', () => {
    const value = parseJson(text, longestText);
    const fields = new JsonRecord(value, 'bundle');
    if (isJsonObject(value) && Object.keys(value).some((name) => !members.has(name))) {
      throw invalid('an unknown member');
    }
    if (fields.required('format', string(64)) !== format) throw invalid('another format');
    fields.required('createdAt', string(24));
    fields.records('entries', 0, mostItems);
    return (value as { readonly entries: readonly JsonValue[] }).entries;
  });
}

/** A store of what is in a bundle, for code that has no disk. It takes nothing in. */
export function bundleStore(items: readonly StoredItem[]): ItemStore {
  const byName = new Map(items.map((item) => [nameOf(item), item]));
  return Object.freeze({
    load: async (source: string, { text }: StoredItem['request']) => byName.get(`${source} ${text}`),
    save: async () => undefined,
  });
}

function nameOf({ source, request }: StoredItem): string {
  return `${source} ${request.text}`;
}

function orRefuse<T>(entry: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return refuse(entry, error.message.replace(/\.$/, ''), error);
  }
}

function refuse(entry: string | number, rule: string, cause?: unknown): never {
  const where = typeof entry === 'number' ? `Entry ${entry}` : 'The bundle';
  throw new EnclosError('ENDORSEMENTS_BUNDLE_INVALID', `${where}: ${rule}.`, { details: { entry, rule }, cause });
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', what);
}
