import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { maxKeyBytes, readSmallFile } from '@enclos/cli-frame/files';
import { EnclosError } from '@enclos/errors';
import type { KeySupplySigner } from '@enclos/inference-models/node';

const curveAlgorithms = { prime256v1: 'ES256', secp384r1: 'ES384' } as const;
const hashes = { ES256: 'sha256', ES384: 'sha384' } as const;

/**
 * The signing key of a model's owner: a private key of Ed25519, P-256 or P-384 in PEM.
 *
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID
 */
export async function readOwnerKey(path: string): Promise<KeySupplySigner> {
  const bytes = await readSmallFile(path, maxKeyBytes);
  return signerOf(privateKeyIn(bytes)) ?? refuse(path);
}

/** The words of OpenSSL could quote the file, so none of them are kept. */
function privateKeyIn(bytes: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(bytes), format: 'pem' });
  } catch {
    return undefined;
  } finally {
    bytes.fill(0);
  }
}

function signerOf(key: KeyObject | undefined): KeySupplySigner | undefined {
  if (key === undefined) return undefined;
  if (key.asymmetricKeyType === 'ed25519') {
    return { algorithm: 'EdDSA', sign: (input) => new Uint8Array(sign(null, input, key)) };
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve !== 'prime256v1' && curve !== 'secp384r1') return undefined;
  const algorithm = curveAlgorithms[curve];
  // RFC 7518, section 3.4: both numbers one after the other, and not DER.
  const options = { key, dsaEncoding: 'ieee-p1363' } as const;
  return { algorithm, sign: (input) => new Uint8Array(sign(hashes[algorithm], input, options)) };
}

function refuse(path: string): never {
  const message = `${path} is not a private key of Ed25519, P-256 or P-384 in PEM without a password.`;
  throw new EnclosError('CLI_FILE_INVALID', message, { details: { path } });
}
