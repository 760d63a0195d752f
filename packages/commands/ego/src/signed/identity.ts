import { createPublicKey } from 'node:crypto';
import { toHex } from '@enclos/codec';
import { maxKeyBytes, readSmallFile } from '@enclos/cli-frame/files';
import { describeSignature } from '@enclos/build';
import { EnclosError } from '@enclos/errors';
import { mrSignerOf } from '@enclos/sgx';
import { publicModulus, sha256 } from '@enclos/sgx/node';
import { readSigned } from './read.ts';

/** MRENCLAVE of a signed executable, in hex. @throws CLI_FILE_UNREADABLE, EGO_NOT_SIGNED, EGO_SIGNED_INVALID */
export async function uniqueId(path: string): Promise<string> {
  return describeSignature((await readSigned(path)).signature).mrEnclave;
}

/**
 * MRSIGNER of a signed executable, or of a key whose file ends in `.pem`, in hex.
 * @throws CLI_FILE_UNREADABLE, EGO_NOT_SIGNED, EGO_SIGNED_INVALID, SIGNING_KEY_INVALID
 */
export async function signerId(path: string): Promise<string> {
  if (!path.endsWith('.pem')) return describeSignature((await readSigned(path)).signature).mrSigner;
  const pem = await readSmallFile(path, maxKeyBytes);
  return toHex(mrSignerOf(modulusOf(path, pem), sha256));
}

/** The modulus in either half of a pair. */
function modulusOf(path: string, pem: Uint8Array): Uint8Array {
  try {
    return publicModulus(createPublicKey(Buffer.from(pem)));
  } catch (cause) {
    throw new EnclosError('SIGNING_KEY_INVALID', `${path} is not an RSA key of 3072 bits in PEM.`, {
      details: { path },
      cause,
    });
  }
}
