import { isEnclosError } from '@enclos/errors';
import { refusePeer } from '../src/peers/index.ts';
import { signedProtection } from '../test/records.ts';
import { tokenCertificate } from '../test/replicas.ts';

const { certificate } = tokenCertificate();
const place = { key: 'state/tenant', issuer: 'https://tenant.example' };
/** No certificate of a fuzzer is a replica's. */
const protection = signedProtection({ certificate, sign: () => new Uint8Array(64) }, async () =>
  refusePeer('evidence'),
);

export const seeds = async (): Promise<readonly Uint8Array[]> => [
  await protection.protect(new Uint8Array(40), place),
  await protection.protect(new Uint8Array(), place),
];

/** Rows of a shared store: refused with one code, whatever they hold. */
export async function fuzz(data: Uint8Array): Promise<void> {
  try {
    await protection.open(data, place);
  } catch (error) {
    if (!isEnclosError(error, 'SERVICE_STATE_INVALID')) throw error;
    return;
  }
  throw new Error('A row that nobody signed was opened.');
}
