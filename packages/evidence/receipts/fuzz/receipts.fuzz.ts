import { isEnclosError } from '@enclos/errors';
import { readReceipt, writeReceipt } from '../src/index.ts';
import { claims, signerOf } from '../test/kit.ts';

const signer = signerOf('EdDSA');
export const seeds: readonly Uint8Array[] = [
  await writeReceipt('cose', claims, signer),
  await writeReceipt('jws', claims, signer),
];

/** Receipts of strangers are read, or refused by the error of this package. */
export function fuzz(data: Uint8Array): void {
  try {
    const { claims: read } = readReceipt(data);
    if (read.modelDigest.length !== 64) throw new Error('A receipt without its model.');
  } catch (error) {
    if (!isEnclosError(error, 'RECEIPT_INVALID')) throw error;
  }
}
