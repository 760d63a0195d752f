import { identity } from './report.ts';
import { runtime } from './runtime.ts';
import { sealOn, unsealOn, type SealingPlatform, type SealOptions } from './sealing.ts';

export type { SealOptions } from './sealing.ts';

const platform = (): SealingPlatform => ({ attester: runtime().attester, identity });

/**
 * Encrypts for this enclave, or for its signer, on this machine.
 *
 * AES-256-GCM under a key from EGETKEY with a random key id, so that a key is
 * used once. A platform that takes no key id (`sealKeys: 'fixed'`) has one key
 * for each policy, and a random salt makes the key of the blob from it.
 * Sealing does not promise freshness: the host can return an older blob.
 * @returns a sealed blob, `SEALED_BLOB_OVERHEAD_BYTES` longer than the plaintext; with a salt 32 bytes more.
 * @throws TEE_CAPABILITY_MISSING if the platform has no seal keys.
 * @example
 * ```ts
 * import { seal, unseal } from '@enclos/enclave';
 *
 * export const keep = (secret: Uint8Array): Promise<Uint8Array> => seal(secret, { policy: 'signer' });
 * export const open = (blob: Uint8Array): Promise<Uint8Array> => unseal(blob, { policy: 'signer' });
 * ```
 */
export function seal(plaintext: Uint8Array, options: SealOptions): Promise<Uint8Array> {
  return sealOn(platform(), plaintext, options);
}

/**
 * Opens what {@link seal} made. The policy is an argument on purpose: an enclave
 * that expects its own blobs must not accept a sibling's.
 * @throws SEAL_NOT_OPENED for every failure but these: SEAL_SVN_TOO_NEW and
 * SEAL_CPUSVN_TOO_NEW, which EGETKEY itself reports, and TEE_CAPABILITY_MISSING for a key that the platform cannot derive, such
 * as the key of an earlier version on a platform with fixed keys.
 */
export function unseal(blob: Uint8Array, options: SealOptions): Promise<Uint8Array> {
  return unsealOn(platform(), blob, options);
}
