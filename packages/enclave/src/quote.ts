import { boundReportData } from '@enclos/attestation';
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
 */
export async function quote({ purpose, nonce, key }: QuoteRequest): Promise<Uint8Array> {
  const inputs = key === undefined ? { purpose, nonce } : { purpose, nonce, key };
  return runtime().attester.quote(await boundReportData(inputs));
}
