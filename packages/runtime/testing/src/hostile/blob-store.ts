import { flipped } from './random.ts';

/**
 * Keeps sealed blobs for an enclave as its host does, and every version of each: a host can give back any of them.
 */
export interface BlobStore {
  /** Keeps a new version. */
  put(key: string, blob: Uint8Array): void;
  /** The version that the store gives out: the newest, unless it was changed. */
  get(key: string): Uint8Array | undefined;
  /** Gives out the version that is `versions` (default 1) before the present one, until the next `put`. */
  rewind(key: string, versions?: number): void;
  /** Gives out the blob of one key for another, and the other way round. */
  swap(key: string, other: string): void;
  /** Changes one bit of what is given out. */
  damage(key: string, bit?: number): void;
  /** Gives out nothing, as if nothing had been kept. */
  forget(key: string): void;
}

/**
 * Makes a store for the untrusted functions of a host.
 * @example
 * ```ts
 * import { createBlobStore } from '@enclos/testing/hostile';
 *
 * const store = createBlobStore();
 * // What the host of the enclave offers.
 * export const untrusted = {
 *   save: ({ key, sealed }: { readonly key: string; readonly sealed: Uint8Array }) => store.put(key, sealed),
 *   load: ({ key }: { readonly key: string }) => store.get(key),
 * };
 * // After two calls of the enclave: the version before the present one.
 * store.rewind('ada');
 * ```
 */
export function createBlobStore(): BlobStore {
  const versions = new Map<string, readonly Uint8Array[]>();
  const given = new Map<string, Uint8Array | undefined>();
  return Object.freeze({
    put(key: string, blob: Uint8Array) {
      const copy = blob.slice();
      versions.set(key, [...(versions.get(key) ?? []), copy]);
      given.set(key, copy);
    },
    get: (key: string) => given.get(key)?.slice(),
    rewind(key: string, count = 1) {
      const all = versions.get(key) ?? [];
      const present = all.findIndex((blob) => blob === given.get(key));
      given.set(key, all[Math.max(0, (present === -1 ? all.length : present) - count)]);
    },
    swap(key: string, other: string) {
      const [one, two] = [given.get(key), given.get(other)];
      given.set(key, two);
      given.set(other, one);
    },
    damage(key: string, bit = 0) {
      const blob = given.get(key);
      if (blob !== undefined) given.set(key, flipped(blob, Math.floor(bit / 8) % blob.length, 1 << (bit % 8)));
    },
    forget: (key: string) => void given.delete(key),
  });
}
