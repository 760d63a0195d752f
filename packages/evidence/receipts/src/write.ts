import './errors.ts';
import type { ReceiptClaims } from './claims.ts';
import { wrongClaim } from './check-claims.ts';
import { unsignedReceipt, type ReceiptAlgorithm, type ReceiptForm } from './forms.ts';
import { misused } from './refusal.ts';

/** The key of the receipts of one enclave. */
export interface ReceiptSigner {
  readonly algorithm: ReceiptAlgorithm;
  /** The thumbprint (RFC 7638) of its public key: see `receiptKeyId`. */
  readonly kid: string;
  /** @returns 64 bytes; for ES256 r and s, not DER. */
  readonly sign: (input: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/**
 * A signed receipt.
 *
 * @returns COSE, or the text of a JWS in ASCII.
 * @throws RECEIPT_MISUSED for claims that no receipt can have.
 *
 * @example
 * import { writeReceipt, type ReceiptClaims, type ReceiptSigner } from '@enclos/receipts';
 *
 * export async function attest(claims: ReceiptClaims, signer: ReceiptSigner): Promise<Uint8Array> {
 *   return writeReceipt('cose', claims, signer);
 * }
 */
export async function writeReceipt(
  form: ReceiptForm,
  claims: ReceiptClaims,
  signer: ReceiptSigner,
): Promise<Uint8Array> {
  const wrong = wrongClaim({ ...claims });
  if (wrong !== undefined) misused(`The claim ${wrong} is missing, or not of its form.`);
  const unsigned = unsignedReceipt(form, claims, signer);
  return unsigned.finish(await signer.sign(unsigned.signingInput));
}
