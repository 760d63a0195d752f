import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { concatBytes, utf8 } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { Attribute, encodeKeyRequest, KeyName, KeyPolicy, type KeyRequest } from '@enclos/sgx';
import { encodeSealedBlob, MAX_SEALED_BYTES, parseSealedBlob, sealedBlobHeader, type SealPolicy } from '@enclos/tee';
import { identity } from './report.ts';
import { runtime } from './runtime.ts';

export interface SealOptions {
  /** Who can open it: `enclave`, this MRENCLAVE only; `signer`, this signer's product at this security version or later. */
  readonly policy: SealPolicy;
  /** Bound to the blob and needed to open it; not stored in it. */
  readonly associatedData?: Uint8Array | undefined;
}

/**
 * The attribute bits that take part in the key: INIT and DEBUG (EGETKEY forces
 * them), and the upper, future security bits, as Intel's SDK does; others may
 * differ between two loads of one enclave.
 */
const sealMask = Object.freeze({ flags: 0xff00_0000_0000_0000n | Attribute.INIT | Attribute.DEBUG, xfrm: 0n });
const sealMiscMask = 0xf000_0000;

const policyBits: Readonly<Record<SealPolicy, number>> = { enclave: KeyPolicy.MRENCLAVE, signer: KeyPolicy.MRSIGNER };

/**
 * Encrypts for this enclave, or for its signer, on this machine.
 *
 * AES-256-GCM under a key from EGETKEY with a random key id, so that a key is
 * used once. Freshness is not promised: the host can give back an older blob.
 * @returns a sealed blob, {@link SEALED_BLOB_OVERHEAD_BYTES} longer than the plaintext.
 */
export async function seal(plaintext: Uint8Array, options: SealOptions): Promise<Uint8Array> {
  if (plaintext.length > MAX_SEALED_BYTES) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `At most ${MAX_SEALED_BYTES} bytes can be sealed at once.`);
  }
  const { isvSvn, cpuSvn, configSvn } = await identity();
  const keyId = new Uint8Array(randomBytes(32));
  keyId[31] = (keyId[31] ?? 0) & 0xfe;
  const keyRequest: KeyRequest = {
    keyName: KeyName.SEAL,
    keyPolicy: policyBits[options.policy],
    isvSvn,
    cpuSvn,
    attributeMask: sealMask,
    keyId,
    miscMask: sealMiscMask,
    configSvn,
  };
  const nonce = new Uint8Array(randomBytes(12));
  const cipher = createCipheriv('aes-256-gcm', await sealingKey(keyRequest), nonce);
  cipher.setAAD(associatedBytes(keyRequest, nonce, options.associatedData));
  const ciphertext = new Uint8Array(concatBytes(cipher.update(plaintext), cipher.final()));
  return encodeSealedBlob({ keyRequest, nonce, ciphertext, tag: new Uint8Array(cipher.getAuthTag()) });
}

/**
 * Opens what {@link seal} made. The policy is an argument on purpose: an enclave
 * that expects its own blobs must not accept a sibling's.
 * @throws SEAL_NOT_OPENED for every failure but two: SEAL_SVN_TOO_NEW and
 * SEAL_CPUSVN_TOO_NEW, which EGETKEY itself reports.
 */
export async function unseal(blob: Uint8Array, options: SealOptions): Promise<Uint8Array> {
  try {
    const { keyRequest, nonce, ciphertext, tag } = parseSealedBlob(blob);
    checkRequest(keyRequest, options.policy);
    const decipher = createDecipheriv('aes-256-gcm', await sealingKey(keyRequest), nonce, { authTagLength: 16 });
    decipher.setAAD(associatedBytes(keyRequest, nonce, options.associatedData));
    decipher.setAuthTag(tag);
    return new Uint8Array(concatBytes(decipher.update(ciphertext), decipher.final()));
  } catch (error) {
    throw unsealError(error);
  }
}

/** The request comes with the blob, from the host: only the ones that {@link seal} writes are used. */
function checkRequest(request: KeyRequest, policy: SealPolicy): void {
  const own =
    request.keyName === KeyName.SEAL &&
    request.keyPolicy === policyBits[policy] &&
    request.attributeMask.flags === sealMask.flags &&
    request.attributeMask.xfrm === sealMask.xfrm &&
    request.miscMask === sealMiscMask;
  if (!own) throw new EnclosError('SEAL_NOT_OPENED');
}

function unsealError(error: unknown): EnclosError {
  if (isEnclosError(error, 'KEY_SVN_TOO_NEW')) return new EnclosError('SEAL_SVN_TOO_NEW');
  if (isEnclosError(error, 'KEY_CPUSVN_TOO_NEW')) return new EnclosError('SEAL_CPUSVN_TOO_NEW');
  if (isEnclosError(error) && error.kind === 'lost') return error;
  return new EnclosError('SEAL_NOT_OPENED');
}

/**
 * EGETKEY gives 128 bits; two requests that differ in the last bit of the key id
 * give 256, so that AES-256 is as strong as its name.
 */
async function sealingKey(request: KeyRequest): Promise<Uint8Array> {
  const { attester } = runtime();
  const second = { ...request, keyId: Uint8Array.from(request.keyId, (byte, i) => (i === 31 ? byte ^ 1 : byte)) };
  const halves = await Promise.all([request, second].map((half) => attester.key(encodeKeyRequest(half))));
  return new Uint8Array(hkdfSync('sha256', concatBytes(...halves), new Uint8Array(), utf8('enclos seal v1'), 32));
}

function associatedBytes(request: KeyRequest, nonce: Uint8Array, data: Uint8Array | undefined): Uint8Array {
  return concatBytes(sealedBlobHeader(request, nonce), data ?? new Uint8Array());
}
