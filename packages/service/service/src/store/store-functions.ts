import { createHash } from 'node:crypto';
import { toBase64url } from '@enclos/codec';
import { isJsonArray, parseJson } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import '../errors.ts';

/** The result of a call of the store. @throws SERVICE_STORE_UNAVAILABLE for every failure. */
export async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new EnclosError('SERVICE_STORE_UNAVAILABLE', undefined, { cause });
  }
}

const maximumListed = 1000;
/** A longer list than the interface allows is cut; anything that is not a list of texts counts as empty. */
const listBounds = { maxDepth: 1, maxValues: 10 * maximumListed };

/** What `storeKeys` answered: an array of texts, of which at most as many as the interface allows are taken. Anything else has no rows. */
export function keysIn(text: string): readonly string[] {
  try {
    const keys = parseJson(text, text.length, listBounds);
    if (!isJsonArray(keys)) return [];
    return keys.slice(0, maximumListed).filter((item) => typeof item === 'string');
  } catch {
    return [];
  }
}

/** What stands for an issuer in keys of the store, where the issuer itself would not fit. */
export const issuerKey = (issuer: string): string =>
  toBase64url(new Uint8Array(createHash('sha256').update(issuer).digest()));
