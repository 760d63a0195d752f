import { isEnclosError } from '@enclos/errors';
import { readSelfSignedCertificate } from '../src/peers/index.ts';
import { tokenCertificate } from '../test/replicas.ts';

export const seeds: readonly Uint8Array[] = [
  tokenCertificate().certificate,
  tokenCertificate({ extensions: () => [] }).certificate,
];

/** Certificates in the store: read, or refused with one code. */
export function fuzz(data: Uint8Array): void {
  try {
    readSelfSignedCertificate(data);
  } catch (error) {
    if (!isEnclosError(error, 'SERVICE_PEER_REFUSED')) throw error;
  }
}
