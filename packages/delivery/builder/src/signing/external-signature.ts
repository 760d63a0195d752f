import { createPublicKey, type KeyObject } from 'node:crypto';

import { equalBytes } from '@enclos/codec';
import { mistakenForPem } from '@enclos/codec/pem';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  completeSigstruct,
  parseSigstructToSign,
  sigstructToSign,
  verifySigstruct,
  type SigstructFields,
} from '@enclos/sgx';
import { publicModulus, sha256 } from '@enclos/sgx/node';

import { signatureFields, type SignOptions } from './sign.ts';

/** What an RSA-3072 key makes. */
const signatureBytes = 384;

export type PrepareSignatureOptions = Omit<SignOptions, 'key'>;

/**
 * The first half of signing with a key that never leaves its device: the bytes
 * that the device signs, RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2).
 * @returns 256 bytes: the header and the body of SIGSTRUCT.
 * @throws what `signEnclave` throws, but for the key.
 */
export function prepareSignature(options: PrepareSignatureOptions): Uint8Array {
  return sigstructToSign(signatureFields(options));
}

export interface AttachSignatureOptions extends Pick<SignOptions, 'image' | 'attributes'> {
  /** What {@link prepareSignature} returned: 256 bytes. */
  readonly prepared: Uint8Array;
  /** As devices return it: 384 bytes, big-endian. */
  readonly signature: Uint8Array;
  /** The public half, PEM: RSA, 3072 bits, exponent 3. */
  readonly publicKey: string | Uint8Array;
}

/**
 * The second half: checks everything, and makes the SIGSTRUCT that `signEnclave`
 * would have made with the same key and date.
 * @returns 1808 bytes.
 * @throws SIGNING_KEY_INVALID for another kind of key; BUILD_PREPARED_REFUSED when the prepared bytes are not those of
 * this image; BUILD_SIGNATURE_REFUSED when the signature is not one over them.
 */
export function attachSignature(options: AttachSignatureOptions): Uint8Array {
  const { signature } = options;
  const modulus = publicModulus(readPublicKey(options.publicKey));
  const fields = preparedFields(options);
  if (signature.length !== signatureBytes) {
    refuseSignature(`The signature has ${signature.length} bytes; one of RSA-3072 has ${signatureBytes}.`);
  }
  try {
    const sigstruct = completeSigstruct(fields, { modulus, signature: Uint8Array.from(signature).reverse() });
    verifySigstruct(sigstruct, sha256);
    return sigstruct;
  } catch (cause) {
    if (!isEnclosError(cause, 'SIGSTRUCT_SIGNATURE')) throw cause;
    return refuseSignature('The signature is not one of this key over the prepared bytes.', cause);
  }
}

function refuseSignature(message: string, cause?: unknown): never {
  throw new EnclosError('BUILD_SIGNATURE_REFUSED', message, { cause });
}

function readPublicKey(pem: AttachSignatureOptions['publicKey']): KeyObject {
  try {
    return createPublicKey({ key: typeof pem === 'string' ? pem : Buffer.from(pem), format: 'pem' });
  } catch (cause) {
    throw new EnclosError('SIGNING_KEY_INVALID', `Not a public key in PEM.${mistakenForPem(pem)}`, { cause });
  }
}

/** The date is the one thing that the prepared bytes themselves say; all else must follow from the image. */
function preparedFields({ prepared, image, attributes }: AttachSignatureOptions): SigstructFields {
  const claimed = readPrepared(prepared);
  const day = new Date(`${claimed.date.slice(0, 4)}-${claimed.date.slice(4, 6)}-${claimed.date.slice(6)}T00:00:00Z`);
  // Before 1970: `--prepare` never writes such a date.
  if (day.getTime() < 0) throw new EnclosError('BUILD_PREPARED_REFUSED', `No signature is dated ${claimed.date}.`);
  const fields = signatureFields({ image, date: day, ...(attributes === undefined ? {} : { attributes }) });
  if (equalBytes(sigstructToSign(fields), prepared)) return fields;
  const reason = equalBytes(fields.enclaveHash, claimed.enclaveHash)
    ? 'The prepared bytes say something else about the image than it does itself, or its project.'
    : 'The prepared bytes are of another image.';
  throw new EnclosError('BUILD_PREPARED_REFUSED', reason);
}

function readPrepared(prepared: Uint8Array): SigstructFields {
  try {
    return parseSigstructToSign(prepared);
  } catch (cause) {
    throw new EnclosError('BUILD_PREPARED_REFUSED', 'These are not the bytes that `--prepare` wrote.', { cause });
  }
}
