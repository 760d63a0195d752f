import { EnclosError } from '@enclos/errors';

export const misused = (message: string): EnclosError<'KV_MISUSED'> => new EnclosError('KV_MISUSED', message);

/** @throws KV_MISUSED */
export function requireSeqno(seqno: number): void {
  if (!Number.isSafeInteger(seqno) || seqno < 0) {
    throw misused(`${seqno} is not a seqno, which is a whole number from 0 on.`);
  }
}
