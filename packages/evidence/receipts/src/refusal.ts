import { EnclosError, isEnclosError } from '@enclos/errors';
import type { ReceiptClaims } from './claims.ts';

/** Which rule a receipt breaks; `details.rule` of RECEIPT_INVALID. */
export type ReceiptRule = 'algorithm' | 'claims' | 'form' | 'header' | 'profile' | 'size';

/** @throws RECEIPT_INVALID always. */
export function refuse(rule: ReceiptRule, message: string, cause?: unknown): never {
  throw new EnclosError('RECEIPT_INVALID', message, { details: { rule }, cause });
}

/** Runs a parser; what codecs refuse is refused by `rule`. Their messages never quote what they read. */
export function reading<T>(rule: ReceiptRule, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    return refuse(rule, `${what}: ${error.message}`, error);
  }
}

/** @throws RECEIPT_MISMATCH always; `details.claim` names the claim. */
export function mismatched(claim: keyof ReceiptClaims): never {
  throw new EnclosError('RECEIPT_MISMATCH', `The receipt is genuine, and its ${claim} is not the expected one.`, {
    details: { claim },
  });
}

/** @throws RECEIPT_MISUSED always. */
export function misused(message: string): never {
  throw new EnclosError('RECEIPT_MISUSED', message);
}
