import { boundReportData } from '@enclos/attestation';
import { EnclosError } from '@enclos/errors';
import { runtime } from './runtime.ts';

export interface QuoteRequest {
  /** What the evidence is for, for example `vault secret upload`. Part of the signed bytes. */
  readonly purpose: string;
  /** The relying party's challenge, 16 to 64 bytes. */
  readonly nonce: Uint8Array;
  /** A public key that belongs to this enclave, for example its encryption key. */
  readonly key?: Uint8Array | undefined;
}

/**
 * Remote evidence: a quote whose report data binds purpose, nonce and key. The
 * relying party checks it with `verifyQuote`, then `appraise` with the same three.
 * @example
 * ```ts
 * import { generateKeyPair, quote } from '@enclos/enclave';
 *
 * const { publicKey } = await generateKeyPair('agreement');
 *
 * // The relying party chose the nonce; the evidence says that this enclave holds the key.
 * export const prove = (nonce: Uint8Array): Promise<Uint8Array> =>
 *   quote({ purpose: 'vault.upload.v1', nonce, key: publicKey });
 * ```
 */
export async function quote({ purpose, nonce, key }: QuoteRequest): Promise<Uint8Array> {
  const inputs = key === undefined ? { purpose, nonce } : { purpose, nonce, key };
  return quoteReportData(await boundReportData(inputs));
}

/**
 * Remote evidence over unchanged report data, for protocols that define its content themselves, such as those of
 * `@enclos/atls`. It must be a hash that covers a tag of the protocol: report data that another party can choose would be
 * evidence for any purpose.
 * @param reportData 64 bytes.
 * @throws CODEC_OUT_OF_RANGE for another length.
 */
export async function quoteReportData(reportData: Uint8Array): Promise<Uint8Array> {
  if (reportData.length !== 64) throw new EnclosError('CODEC_OUT_OF_RANGE', 'Report data is not 64 bytes.');
  return runtime().attester.quote(reportData);
}
