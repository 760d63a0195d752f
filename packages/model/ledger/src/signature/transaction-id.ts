import type { TransactionId } from '../write-set.ts';
import { malformed } from './refusal.ts';

const form = /^(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})$/;

/**
 * Reads `view.seqno` in decimals.
 * @throws LEDGER_INVALID
 * @example readTransactionId('2.18').seqno === 18
 */
export function readTransactionId(text: string): TransactionId {
  const [, viewText = '', seqnoText = ''] = form.exec(text) ?? [];
  const view = Number(viewText);
  const seqno = Number(seqnoText);
  if (viewText === '' || !Number.isSafeInteger(view) || !Number.isSafeInteger(seqno)) {
    return malformed('A transaction is not named like 2.18.');
  }
  return { view, seqno };
}

/** `view.seqno`. */
export function writeTransactionId({ view, seqno }: TransactionId): string {
  return `${view}.${seqno}`;
}
