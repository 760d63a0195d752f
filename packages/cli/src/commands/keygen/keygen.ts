import { generateKey, writeKeyFile } from '@enclos/build';
import { requireFolderOf } from '@enclos/cli-frame/files';
import { mrSignerOfKey } from '../../project/sealing/signer.ts';

export interface GeneratedKey {
  readonly path: string;
  /** SHA-256 of the modulus, in hex: the identity of the signer. */
  readonly mrSigner: string;
}

/**
 * Makes a signing key (RSA-3072, exponent 3) in a new file that only this user can read.
 * @throws BUILD_FILE_EXISTS (a lost signing key is a lost identity, so a key is never overwritten); CLI_SYSTEM_REFUSED
 * when the folder does not exist.
 */
export async function keygen(path: string): Promise<GeneratedKey> {
  await requireFolderOf(path);
  const pem = generateKey();
  await writeKeyFile(path, pem);
  return Object.freeze({ path, mrSigner: mrSignerOfKey(pem) });
}
