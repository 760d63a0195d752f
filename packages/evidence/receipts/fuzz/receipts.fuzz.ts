import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readInferenceReport, readReceipt, writeInferenceReport, writeReceipt } from '../src/index.ts';
import { claims, signerOf } from '../test/kit.ts';

const signer = signerOf('EdDSA');
export const seeds: readonly Uint8Array[] = [
  await writeReceipt('cose', claims, signer),
  await writeReceipt('jws', claims, signer),
  utf8(
    writeInferenceReport({ keySet: utf8('keys'), models: [], evidence: { kind: 'sgx-quote', value: utf8('quote') } }),
  ),
];

/** Receipts and reports of strangers are read, or refused by the errors of this package. */
export function fuzz(data: Uint8Array): void {
  for (const read of [readOne, (bytes: Uint8Array) => readInferenceReport(new TextDecoder().decode(bytes))]) {
    try {
      read(data);
    } catch (error) {
      if (!isEnclosError(error) || !error.code.startsWith('RECEIPT_')) throw error;
    }
  }
}

function readOne(data: Uint8Array): void {
  const { claims: read } = readReceipt(data);
  if (read.modelDigest.length !== 64) throw new Error('A receipt without its model.');
}
