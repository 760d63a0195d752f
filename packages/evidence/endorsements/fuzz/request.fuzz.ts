import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { parseItemRequest } from '../src/index.ts';

export const seeds: readonly Uint8Array[] = [
  utf8('tcb-info?baseline=standard&fmspc=00906ed50000&tee=sgx'),
  utf8('snp-certificate?bl=3&hwid=0011223344556677&product=Turin&signing-key=vcek&snp=8&tee=0&ucode=115'),
  utf8('root-crl'),
];

export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder().decode(data);
  try {
    if (parseItemRequest(text).text !== text) throw new Error('Two texts of one request.');
  } catch (error) {
    if (!isEnclosError(error, 'ENDORSEMENTS_REQUEST_INVALID')) throw error;
  }
}
