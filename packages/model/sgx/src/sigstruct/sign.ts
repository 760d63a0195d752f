import { ByteWriter, concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { RSA_BYTES } from './integer.ts';
import { encodeSigstruct, parseSigstruct, sigstructSignedBytes, type SigstructFields } from './sigstruct.ts';
import { computeQ1Q2 } from './verify.ts';

/**
 * The 256 bytes to sign (RSASSA-PKCS1-v1_5, SHA-256) for `fields`: the first half of signing with a key that is kept elsewhere.
 * {@link completeSigstruct} is the second half.
 *
 * @throws SIGSTRUCT_INVALID naming the field that does not fit.
 */
export function sigstructToSign(fields: SigstructFields): Uint8Array {
  const blank = new Uint8Array(RSA_BYTES);
  return sigstructSignedBytes(
    encodeSigstruct({ ...fields, modulus: blank, exponent: 3, signature: blank, q1: blank, q2: blank }),
  );
}

/**
 * The reverse: the fields in the 256 bytes to sign.
 *
 * @throws SIGSTRUCT_INVALID for anything that {@link sigstructToSign} does not return.
 */
export function parseSigstructToSign(bytes: Uint8Array): SigstructFields {
  if (bytes.length !== 256) {
    throw new EnclosError('SIGSTRUCT_INVALID', `The bytes to sign are 256, not ${bytes.length}.`);
  }
  const between = new ByteWriter().bytes(new Uint8Array(RSA_BYTES)).u32(3).bytes(new Uint8Array(RSA_BYTES)).finish();
  const after = new Uint8Array(12 + 2 * RSA_BYTES);
  const {
    modulus: _n,
    exponent: _e,
    signature: _s,
    q1: _1,
    q2: _2,
    ...fields
  } = parseSigstruct(concatBytes(bytes.subarray(0, 128), between, bytes.subarray(128), after));
  return Object.freeze(fields);
}

/**
 * A whole SIGSTRUCT, 1808 bytes, from its fields and a signature made elsewhere.
 * The signature is not checked here: `verifySigstruct` does.
 *
 * @param made modulus and signature, 384 bytes each, little-endian.
 * @throws SIGSTRUCT_INVALID, SIGSTRUCT_SIGNATURE when they cannot belong together.
 */
export function completeSigstruct(
  fields: SigstructFields,
  made: { readonly modulus: Uint8Array; readonly signature: Uint8Array },
): Uint8Array {
  const { modulus, signature } = made;
  return encodeSigstruct({ ...fields, modulus, exponent: 3, signature, ...computeQ1Q2(signature, modulus) });
}
