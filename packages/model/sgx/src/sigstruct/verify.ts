import { concatBytes, fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { integerToLittleEndian, littleEndianToInteger, RSA_BYTES } from './integer.ts';
import { parseSigstruct, sigstructSignedBytes, type Sigstruct } from './sigstruct.ts';

/** SHA-256 of bytes, 32 bytes. Injected, so that this package also runs without `node:crypto`. */
export type Sha256 = (data: Uint8Array) => Uint8Array;

/** DigestInfo of SHA-256 up to the digest (RFC 8017, section 9.2, note 1). */
const digestInfo = fromHex('3031300d060960864801650304020105000420');

/** EMSA-PKCS1-v1_5 (RFC 8017, section 9.2) as an integer. */
function paddedDigest(digest: Uint8Array): bigint {
  const padding = new Uint8Array(RSA_BYTES - 3 - digestInfo.length - digest.length).fill(0xff);
  const message = concatBytes(Uint8Array.of(0, 1), padding, Uint8Array.of(0), digestInfo, digest);
  return littleEndianToInteger(message.reverse());
}

function refuse(reason: string): never {
  throw new EnclosError('SIGSTRUCT_SIGNATURE', `SIGSTRUCT: ${reason}`);
}

/** A 3072-bit modulus is odd and has its top bit set. */
function checkModulus(modulus: bigint): void {
  if (modulus >> 3071n !== 1n || (modulus & 1n) === 0n) {
    throw new EnclosError('SIGSTRUCT_INVALID', 'SIGSTRUCT: MODULUS is not a 3072-bit RSA modulus.');
  }
}

/**
 * Parses a SIGSTRUCT and checks its signature against the modulus inside it, as
 * EINIT does (SDM vol. 3D, Enclave Signature Structure and EINIT): q1 and q2 must be the exact quotients, so
 * that s^3 mod n needs no division, and the result must be the padded digest.
 *
 * It does not say who signed: compare {@link mrSignerOf} with an expected signer. Nor does it say which enclave was signed:
 * compare `enclaveHash`, attributes and misc.
 *
 * @param bytes 1808 bytes.
 * @throws SIGSTRUCT_INVALID when it is not a well-formed SIGSTRUCT.
 * @throws SIGSTRUCT_SIGNATURE when signature, q1 or q2 is wrong.
 */
export function verifySigstruct(bytes: Uint8Array, sha256: Sha256): Sigstruct {
  const sigstruct = parseSigstruct(bytes);
  const modulus = littleEndianToInteger(sigstruct.modulus);
  checkModulus(modulus);
  const signature = littleEndianToInteger(sigstruct.signature);
  if (signature >= modulus) refuse('the signature is not below the modulus.');
  const square = signature * signature - littleEndianToInteger(sigstruct.q1) * modulus;
  if (square < 0n || square >= modulus) refuse('Q1 is not the quotient of the squared signature.');
  const cube = signature * square - littleEndianToInteger(sigstruct.q2) * modulus;
  if (cube < 0n || cube >= modulus) refuse('Q2 is not the quotient of the cubed signature.');
  const expected = paddedDigest(sha256(sigstructSignedBytes(bytes)));
  if (cube !== expected) refuse('the signature is not one of the signed bytes.');
  return sigstruct;
}

function checkLength(integer: Uint8Array, name: string): void {
  if (integer.length !== RSA_BYTES) {
    throw new EnclosError('SIGSTRUCT_INVALID', `A ${name} is ${RSA_BYTES} bytes, not ${integer.length}.`);
  }
}

/** MRSIGNER: SHA-256 of the modulus as SIGSTRUCT stores it, 384 bytes little-endian. */
export function mrSignerOf(modulus: Uint8Array, sha256: Sha256): Uint8Array {
  checkLength(modulus, 'modulus');
  return sha256(modulus);
}

/**
 * The two quotients that EINIT requires besides a signature (SDM vol. 3D, Enclave Signature Structure and EINIT).
 *
 * @param signature 384 bytes, little-endian.
 * @param modulus 384 bytes, little-endian.
 * @throws SIGSTRUCT_INVALID when the modulus does not have 3072 bits.
 * @throws SIGSTRUCT_SIGNATURE when the signature is not below the modulus.
 */
export function computeQ1Q2(
  signature: Uint8Array,
  modulus: Uint8Array,
): { readonly q1: Uint8Array; readonly q2: Uint8Array } {
  checkLength(signature, 'signature');
  checkLength(modulus, 'modulus');
  const n = littleEndianToInteger(modulus);
  checkModulus(n);
  const s = littleEndianToInteger(signature);
  if (s >= n) refuse('the signature is not below the modulus.');
  const square = s * s;
  return Object.freeze({
    q1: integerToLittleEndian(square / n),
    q2: integerToLittleEndian((s * (square % n)) / n),
  });
}
