import { randomBytes } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { EnclosError } from '@enclos/errors';
import { generateSigningKey } from '@enclos/sgx/node';

/** A new enclave signing key (RSA-3072, exponent 3) as PKCS#8 in PEM. Takes about a second. */
export function generateKey(): string {
  return String(generateSigningKey().export({ type: 'pkcs8', format: 'pem' }));
}

/**
 * Writes a key that only this user may read, and never over another file: a
 * lost signing key is a lost identity. The file is there whole or not at all.
 * @throws BUILD_FILE_EXISTS
 */
export async function writeKeyFile(path: string, pem: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(pem);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Unlike a rename, a link never takes the place of a file (link(2)).
    await link(temporary, path);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    throw new EnclosError('BUILD_FILE_EXISTS', `${path} exists already.`, { details: { path }, cause });
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}
