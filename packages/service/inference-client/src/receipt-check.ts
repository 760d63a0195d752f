import { fromBase64url, utf8 } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { verifyReceipt, type ReceiptVerifier, type VerifiedReceipt } from '@enclos/receipts';
import type { AttestedService } from './attested-service.ts';
import type { InnerRequest } from './request.ts';

/** A receipt that was verified. */
export interface AnswerReceipt extends VerifiedReceipt {
  /** To keep: COSE, or a JWS in ASCII. */
  readonly bytes: Uint8Array;
}

export interface ReceiptCheck {
  readonly request: InnerRequest;
  readonly service: AttestedService;
  /** Attests the service again, for a key set that is newer than `service`. */
  readonly renew: () => Promise<AttestedService>;
  /** Default: over WebCrypto. */
  readonly verifier: ReceiptVerifier | undefined;
}

/**
 * Verifies the receipt of an answer: by the key that the evidence vouches for, over exactly these bytes, for this request.
 *
 * @throws RECEIPT_*
 */
export async function checkReceipt(text: string, response: Uint8Array, check: ReceiptCheck): Promise<AnswerReceipt> {
  // A JWS has dots, which base64url has not.
  const bytes = text.includes('.') ? utf8(text) : fromBase64url(text);
  try {
    return await verifyBy(check.service, bytes, response, check);
  } catch (error) {
    // The enclave has made its next keys since it was attested, and receipts name the newest key set.
    if (!isEnclosError(error, 'RECEIPT_MISMATCH') || error.details['claim'] !== 'keySetDigest') throw error;
    return verifyBy(await check.renew(), bytes, response, check);
  }
}

async function verifyBy(
  { receiptKey, expectedClaims }: AttestedService,
  bytes: Uint8Array,
  response: Uint8Array,
  { request: { body, requestId, modelDigest }, verifier }: ReceiptCheck,
): Promise<AnswerReceipt> {
  if (receiptKey === undefined) throw new EnclosError('RECEIPT_KEY_UNKNOWN');
  const verified = await verifyReceipt(bytes, {
    keys: [receiptKey],
    request: body,
    response,
    ...(verifier === undefined ? {} : { verifier }),
    expected: { ...expectedClaims, requestId, ...(modelDigest === undefined ? {} : { modelDigest }) },
  });
  return Object.freeze({ ...verified, bytes });
}
