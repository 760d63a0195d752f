import { MAX_RECORD_BYTES } from './record.ts';
import type { SgxsProfile } from './rules.ts';
import { walkSgxs } from './walk.ts';

/** Incremental SHA-256, as createHash('sha256') of `node:crypto` provides it. */
export interface IncrementalHash {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
}

/**
 * MRENCLAVE of a stream: SHA-256 over its measured records (SDM vol. 3D, ECREATE,
 * EADD, EEXTEND). Without UNMEASRD records, so always in `strict`, that is the
 * hash of the whole stream, in one update.
 *
 * @param options `profile`: default `any`.
 * @returns 32 bytes.
 * @throws SGXS_INVALID for a stream outside the profile.
 */
export function measureSgxs(
  bytes: Uint8Array,
  createHash: () => IncrementalHash,
  options: { readonly profile?: SgxsProfile } = {},
): Uint8Array {
  const hash = createHash();
  let runStart = 0;
  walkSgxs(bytes, options.profile ?? 'any', {
    chunk: (at, measured) => {
      if (measured) return;
      if (at > runStart) hash.update(bytes.subarray(runStart, at));
      runStart = at + MAX_RECORD_BYTES;
    },
  });
  hash.update(bytes.subarray(runStart));
  return new Uint8Array(hash.digest());
}
