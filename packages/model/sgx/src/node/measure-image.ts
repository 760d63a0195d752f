import { createHash } from 'node:crypto';
import { measureSgxs } from '../sgxs/measure.ts';
import type { SgxsProfile } from '../sgxs/rules.ts';

/**
 * MRENCLAVE of an enclave image, 32 bytes.
 *
 * @param options `profile`: default `strict`, the images of this project.
 * @throws SGXS_INVALID for a stream outside the profile.
 */
export function measureImage(bytes: Uint8Array, options: { readonly profile?: SgxsProfile } = {}): Uint8Array {
  return measureSgxs(bytes, () => createHash('sha256'), { profile: options.profile ?? 'strict' });
}
