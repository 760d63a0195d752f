import { open } from 'node:fs/promises';

import { EnclosError } from '@enclos/errors';
import { generateSigningKey } from '@enclos/sgx/node';

/** A new enclave signing key (RSA-3072, exponent 3) as PKCS#8 in PEM. Takes about a second. */
export function generateKey(): string {
  return String(generateSigningKey().export({ type: 'pkcs8', format: 'pem' }));
}

/**
 * Writes a key that only this user may read, and never over another file: a
 * lost signing key is a lost identity.
 * @throws BUILD_FILE_EXISTS
 */
export async function writeKeyFile(path: string, pem: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    throw new EnclosError('BUILD_FILE_EXISTS', `${path} exists already.`, { details: { path }, cause });
  });
  try {
    await handle.writeFile(pem);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
