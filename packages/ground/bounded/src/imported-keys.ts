import type { webcrypto } from 'node:crypto';
import { BoundedMap } from './bounded-map.ts';

type Importer = Pick<webcrypto.SubtleCrypto, 'importKey'>;

const maximumKeys = 256;
const importedKeys = new WeakMap<Importer, BoundedMap<Promise<webcrypto.CryptoKey | undefined>>>();

/**
 * Imports a public key of a signer into WebCrypto once for each engine, and keeps the 256 that were used last: importing checks that the point is
 * on its curve, which takes a third of the time of a verification.
 *
 * @param id Names the key, its form and its algorithm; for nothing else in the process.
 * @param load Imports it.
 * @returns undefined for bytes that are not such a key; that is not kept.
 */
export function importKeyOnce(
  id: string,
  subtle: Importer,
  load: () => Promise<webcrypto.CryptoKey>,
): Promise<webcrypto.CryptoKey | undefined> {
  const keys = importedKeys.get(subtle) ?? new BoundedMap<Promise<webcrypto.CryptoKey | undefined>>(maximumKeys);
  importedKeys.set(subtle, keys);
  const known = keys.get(id);
  if (known !== undefined) return known;
  const key = load().catch(() => {
    // A rejection means that the bytes are not such a key. Any other failure must not pass either, and must not be kept.
    keys.delete(id);
    return undefined;
  });
  keys.set(id, key);
  return key;
}
