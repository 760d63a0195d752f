import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { concatBytes, isZero, utf8 } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { Attribute, encodeKeyRequest, KeyName, KeyPolicy, type KeyRequest, type ReportBody } from '@enclos/sgx';
import {
  encodeSealedBlob,
  MAX_SEALED_BYTES,
  parseSealedBlob,
  SEAL_SALT_BYTES,
  sealedBlobHeader,
  type Attester,
  type SealPolicy,
} from '@enclos/tee';

export interface SealOptions {
  /**
   * The enclaves that can open it: `enclave`, only this MRENCLAVE; `signer`, this signer's product at this security version or
   * later. On a platform with `sealKeys: 'fixed'` (Gramine) both need exactly this security version and CPUSVN.
   */
  readonly policy: SealPolicy;
  /** Bound to the blob and needed to open it; not stored in it. */
  readonly associatedData?: Uint8Array | undefined;
}

/** What sealing needs: the platform, and the identity of this enclave. */
export interface SealingPlatform {
  readonly attester: Pick<Attester, 'capabilities' | 'key'>;
  identity(): Promise<Pick<ReportBody, 'isvSvn' | 'cpuSvn' | 'configSvn'>>;
}

/** How the key of one blob is derived. */
interface Derivation {
  readonly keyRequest: KeyRequest;
  readonly salt?: Uint8Array | undefined;
}

/**
 * The attribute bits that take part in the key: INIT and DEBUG (EGETKEY forces
 * them), and the upper, future security bits, as Intel's SDK does; others may
 * differ between two loads of one enclave.
 */
const sealMask = Object.freeze({ flags: 0xff00_0000_0000_0000n | Attribute.INIT | Attribute.DEBUG, xfrm: 0n });
const sealMiscMask = 0xf000_0000;

const policyBits: Readonly<Record<SealPolicy, number>> = { enclave: KeyPolicy.MRENCLAVE, signer: KeyPolicy.MRSIGNER };

const random = (sizeBytes: number): Uint8Array => new Uint8Array(randomBytes(sizeBytes));

export async function sealOn(
  platform: SealingPlatform,
  plaintext: Uint8Array,
  { policy, associatedData }: SealOptions,
): Promise<Uint8Array> {
  if (plaintext.length > MAX_SEALED_BYTES) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `At most ${MAX_SEALED_BYTES} bytes can be sealed at once.`);
  }
  requireSealing(platform, policy);
  const derivation = await freshDerivation(platform, policy);
  const header = { ...derivation, nonce: random(12) };
  const cipher = createCipheriv('aes-256-gcm', await sealingKey(platform, derivation), header.nonce);
  cipher.setAAD(concatBytes(sealedBlobHeader(header), associatedData ?? new Uint8Array()));
  const ciphertext = new Uint8Array(concatBytes(cipher.update(plaintext), cipher.final()));
  return encodeSealedBlob({ ...header, ciphertext, tag: new Uint8Array(cipher.getAuthTag()) });
}

export async function unsealOn(
  platform: SealingPlatform,
  blob: Uint8Array,
  { policy, associatedData }: SealOptions,
): Promise<Uint8Array> {
  requireSealing(platform, policy);
  try {
    const { ciphertext, tag, ...header } = parseSealedBlob(blob);
    checkDerivation(platform, header, policy);
    const key = await sealingKey(platform, header);
    const decipher = createDecipheriv('aes-256-gcm', key, header.nonce, { authTagLength: 16 });
    decipher.setAAD(concatBytes(sealedBlobHeader(header), associatedData ?? new Uint8Array()));
    decipher.setAuthTag(tag);
    return new Uint8Array(concatBytes(decipher.update(ciphertext), decipher.final()));
  } catch (error) {
    throw unsealError(error);
  }
}

/** @throws TEE_CAPABILITY_MISSING */
function requireSealing({ attester: { capabilities } }: SealingPlatform, policy: SealPolicy): void {
  if (capabilities.sealKeys !== 'none' && capabilities.sealPolicies.includes(policy)) return;
  throw new EnclosError('TEE_CAPABILITY_MISSING', `The platform has no seal keys for the policy ${policy}.`, {
    details: { platform: capabilities.platform },
  });
}

const hasFixedKeys = ({ attester: { capabilities } }: SealingPlatform): boolean => capabilities.sealKeys === 'fixed';

/** A derivation that no other blob has: by its key id or, if the platform takes none, by its salt. */
async function freshDerivation(platform: SealingPlatform, policy: SealPolicy): Promise<Derivation> {
  const { isvSvn, cpuSvn, configSvn } = await platform.identity();
  const isFixed = hasFixedKeys(platform);
  const keyId = isFixed ? new Uint8Array(32) : random(32);
  keyId[31] = (keyId[31] ?? 0) & 0xfe;
  const keyRequest: KeyRequest = {
    keyName: KeyName.SEAL,
    keyPolicy: policyBits[policy],
    isvSvn,
    cpuSvn,
    attributeMask: sealMask,
    keyId,
    miscMask: sealMiscMask,
    configSvn,
  };
  return isFixed ? { keyRequest, salt: random(SEAL_SALT_BYTES) } : { keyRequest };
}

/** The request comes with the blob, from the host: only requests in the form that is written here are used. */
function checkDerivation(platform: SealingPlatform, { keyRequest, salt }: Derivation, policy: SealPolicy): void {
  const own =
    keyRequest.keyName === KeyName.SEAL &&
    keyRequest.keyPolicy === policyBits[policy] &&
    keyRequest.attributeMask.flags === sealMask.flags &&
    keyRequest.attributeMask.xfrm === sealMask.xfrm &&
    keyRequest.miscMask === sealMiscMask &&
    (salt === undefined || isZero(keyRequest.keyId));
  if (!own) throw new EnclosError('SEAL_NOT_OPENED');
  // The platform itself refuses a blob of version 1 that it cannot open, with an error that says what it lacks.
  if (salt !== undefined && !hasFixedKeys(platform)) throw new EnclosError('SEAL_NOT_OPENED');
}

function unsealError(error: unknown): EnclosError {
  if (isEnclosError(error, 'KEY_SVN_TOO_NEW')) return new EnclosError('SEAL_SVN_TOO_NEW');
  if (isEnclosError(error, 'KEY_CPUSVN_TOO_NEW')) return new EnclosError('SEAL_CPUSVN_TOO_NEW');
  if (isEnclosError(error, 'TEE_CAPABILITY_MISSING')) return error;
  if (isEnclosError(error) && error.kind === 'lost') return error;
  return new EnclosError('SEAL_NOT_OPENED');
}

/**
 * EGETKEY gives 128 bits; two requests that differ in the last bit of the key id give 256, so that AES-256 is as strong as
 * its name. A fixed key has 128 bits, and that is then the strength; the salt gives each blob its own key.
 */
async function sealingKey({ attester }: SealingPlatform, { keyRequest, salt }: Derivation): Promise<Uint8Array> {
  if (salt !== undefined) return expand(await attester.key(encodeKeyRequest(keyRequest)), salt, 'enclos seal v2');
  const second = { ...keyRequest, keyId: Uint8Array.from(keyRequest.keyId, (byte, i) => (i === 31 ? byte ^ 1 : byte)) };
  const halves = await Promise.all([keyRequest, second].map((half) => attester.key(encodeKeyRequest(half))));
  return expand(concatBytes(...halves), new Uint8Array(), 'enclos seal v1');
}

function expand(key: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, utf8(info), 32));
}
