import { isJsonObject, type JsonValue, parseJson, string, JsonRecord } from '@enclos/codec/json';
import { toHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { readItem, type ItemContent, type ItemFacts } from './item.ts';
import { parseItemRequest, type ItemRequest } from './request.ts';

/** An item with where and when it came from: what a cache and a bundle hold. */
export interface StoredItem {
  /** The id of the source. */
  readonly source: string;
  readonly request: ItemRequest;
  /** 2026-06-01T12:00:00.000Z */
  readonly fetchedAt: string;
  readonly content: ItemContent;
  readonly facts: ItemFacts;
}

/** Above the greatest item, a revocation list of 1 MiB in hex with its chain. */
export const maximumStoredLength = 2_359_296;
const members: ReadonlySet<string> = new Set(['source', 'request', 'fetchedAt', 'body', 'chain', 'sha256']);
const sourcePattern = /^[a-z][a-z0-9-]{0,60} https?:\/\/[\x21-\x7e]{1,1024}$/;

/** @throws ENDORSEMENTS_ANSWER_INVALID when the content is not an answer to the request. */
export function storedItem(item: Omit<StoredItem, 'facts'>): StoredItem {
  return Object.freeze({ ...item, content: Object.freeze(item.content), facts: readItem(item.request, item.content) });
}

/** The members of a stored item, with a digest over the others: it finds damage, not forgery. */
export async function storedMembers(item: StoredItem): Promise<Readonly<Record<string, string>>> {
  const { source, request, fetchedAt, content } = item;
  const plain = { source, request: request.text, fetchedAt, body: content.body };
  const whole = content.chain === undefined ? plain : { ...plain, chain: content.chain };
  return { ...whole, sha256: await digest(whole) };
}

/**
 * Reads an item back. Its source and its content are no more trusted than when
 * they came.
 * @throws a CODEC error, ENDORSEMENTS_REQUEST_INVALID or ENDORSEMENTS_ANSWER_INVALID.
 */
export async function parseStoredItem(value: JsonValue): Promise<StoredItem> {
  const { item, whole, sha256: wanted } = readStored(value);
  if ((await digest(whole)) !== wanted) {
    throw new EnclosError('CODEC_INVALID', 'A stored item whose digest is another.');
  }
  return item;
}

/** Everything of it but the comparison of the digest, which only the platform's cryptography can make. */
export function readStored(value: JsonValue): {
  readonly item: StoredItem;
  readonly whole: Readonly<Record<string, string>>;
  readonly sha256: string;
} {
  const fields = new JsonRecord(value, 'item');
  if (isJsonObject(value) && Object.keys(value).some((name) => !members.has(name))) {
    throw new EnclosError('CODEC_INVALID', 'A stored item with an unknown member.');
  }
  const source = fields.required('source', string(2048));
  if (!sourcePattern.test(source)) throw new EnclosError('CODEC_INVALID', 'A stored item of no source.');
  const request = fields.required('request', string(2048));
  const fetchedAt = fields.required('fetchedAt', string(24));
  if (!isInstant(fetchedAt)) throw new EnclosError('CODEC_INVALID', 'A stored item of no time.');
  const body = fields.required('body', string(maximumStoredLength));
  const chain = fields.optional('chain', string(maximumStoredLength));
  const content = chain === undefined ? { body } : { body, chain };
  return {
    item: storedItem({ source, request: parseItemRequest(request), fetchedAt, content }),
    whole: { source, request, fetchedAt, ...content },
    sha256: fields.required('sha256', string(64)),
  };
}

/** As `parseStoredItem`, from the text of one. */
export function parseStoredText(text: string): Promise<StoredItem> {
  return parseStoredItem(parseJson(text, maximumStoredLength));
}

/** Lower-case hex of SHA-256. */
export async function sha256(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text).slice())));
}

function digest(whole: Readonly<Record<string, string>>): Promise<string> {
  return sha256(JSON.stringify(Object.entries(whole)));
}

function isInstant(text: string): boolean {
  const time = Date.parse(text);
  return /^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(time) && new Date(time).toISOString() === text;
}
