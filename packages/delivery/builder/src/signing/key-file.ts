import { durable } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { generateSigningKey } from '@enclos/sgx/node';

/** A new enclave signing key (RSA-3072, exponent 3) as PKCS#8 in PEM. Takes about a second. */
export function generateKey(): string {
  return String(generateSigningKey().export({ type: 'pkcs8', format: 'pem' }));
}

/**
 * Writes a key that only this user may read, and never over another file: a
 * lost signing key is a lost identity. The file is there whole or not at all, and
 * survives a crash once the call has resolved.
 * @throws BUILD_FILE_EXISTS
 */
export async function writeKeyFile(path: string, pem: string): Promise<void> {
  if (await durable.add(path, pem)) return;
  throw new EnclosError('BUILD_FILE_EXISTS', `${path} exists already.`, { details: { path } });
}
