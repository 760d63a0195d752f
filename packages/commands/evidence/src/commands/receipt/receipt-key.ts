import { readSmallFile } from '@enclos/cli-frame/files';
import { isJsonObject, parseJsonBytes } from '@enclos/codec/json';
import { findDer } from '@enclos/codec/pem';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { signatureKeyOfJwk, signatureKeyOfSpki, type SignatureKey } from '@enclos/jose';

const maximumBytes = 65_536;
const openBrace = 0x7b;

/**
 * The public key of receipts in a file: a JWK, or a SubjectPublicKeyInfo in PEM or DER.
 *
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID
 */
export async function readReceiptKey(path: string): Promise<SignatureKey> {
  const bytes = await readSmallFile(path, maximumBytes);
  try {
    const key = bytes[0] === openBrace ? keyOfJwk(bytes) : keyOfDer(bytes);
    if (key !== undefined) return key;
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
  }
  const message = `${path} is not one public key of P-256 or Ed25519: a JWK, or SubjectPublicKeyInfo in PEM or DER.`;
  throw new EnclosError('CLI_FILE_INVALID', message, { details: { path } });
}

function keyOfJwk(bytes: Uint8Array): SignatureKey | undefined {
  const jwk = parseJsonBytes(bytes, maximumBytes);
  return isJsonObject(jwk) && !('d' in jwk) ? signatureKeyOfJwk(jwk) : undefined;
}

function keyOfDer(bytes: Uint8Array): SignatureKey | undefined {
  const [der, ...others] = findDer(bytes, 2);
  return der === undefined || others.length > 0 ? undefined : signatureKeyOfSpki(der);
}
