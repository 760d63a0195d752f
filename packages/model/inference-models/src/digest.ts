import type { webcrypto } from 'node:crypto';
import { toHex } from '@enclos/codec';

/** The part of WebCrypto that a digest needs. */
export type DigestCrypto = Pick<webcrypto.SubtleCrypto, 'digest'>;

/**
 * SHA-256 of the plain bytes of a model, as 64 lower-case hex digits: what catalogues, manifests and receipts name it by.
 *
 * @example
 * ```ts
 * import { modelDigest } from '@enclos/inference-models';
 *
 * export async function isExpected(model: Uint8Array, digest: string): Promise<boolean> {
 *   return (await modelDigest(model)) === digest;
 * }
 * ```
 */
export async function modelDigest(model: Uint8Array, subtle: DigestCrypto = globalThis.crypto.subtle): Promise<string> {
  return toHex(new Uint8Array(await subtle.digest('SHA-256', model)));
}
