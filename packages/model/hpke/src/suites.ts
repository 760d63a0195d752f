import { EnclosError } from '@enclos/errors';

/** The KEMs, by their numbers in IANA's registry of HPKE. */
export const kemIds = Object.freeze({ p384: 0x0011, x25519: 0x0020, xWing: 0x647a } as const);
export const kdfIds = Object.freeze({ hkdfSha256: 0x0001, hkdfSha384: 0x0002 } as const);
export const aeadIds = Object.freeze({ aes128Gcm: 0x0001, aes256Gcm: 0x0002, chaCha20Poly1305: 0x0003 } as const);

export type KemId = (typeof kemIds)[keyof typeof kemIds];
export type KdfId = (typeof kdfIds)[keyof typeof kdfIds];
export type AeadId = (typeof aeadIds)[keyof typeof aeadIds];

/** A KDF and an AEAD: what a key configuration of RFC 9458 lists for its one KEM. */
export interface SymmetricSuite {
  readonly kdf: KdfId;
  readonly aead: AeadId;
}

export interface HpkeSuite extends SymmetricSuite {
  readonly kem: KemId;
}

export type HashName = 'SHA-256' | 'SHA-384';

/** Lengths in bytes, as RFC 9180 names them: Nenc, Npk, Nsk and Nsecret. */
export interface KemLengths {
  readonly enc: number;
  readonly publicKey: number;
  readonly privateKey: number;
  readonly sharedSecret: number;
}

const kemLengths: Readonly<Record<KemId, KemLengths>> = Object.freeze({
  // RFC 9180, section 7.1.
  [kemIds.p384]: { enc: 97, publicKey: 97, privateKey: 48, sharedSecret: 48 },
  [kemIds.x25519]: { enc: 32, publicKey: 32, privateKey: 32, sharedSecret: 32 },
  // draft-connolly-cfrg-xwing-kem, section 5.8: the private key is the seed.
  [kemIds.xWing]: { enc: 1120, publicKey: 1216, privateKey: 32, sharedSecret: 32 },
});
const kdfHashes: Readonly<Record<KdfId, HashName>> = Object.freeze({
  [kdfIds.hkdfSha256]: 'SHA-256',
  [kdfIds.hkdfSha384]: 'SHA-384',
});
const keyBytes: Readonly<Record<AeadId, number>> = Object.freeze({
  [aeadIds.aes128Gcm]: 16,
  [aeadIds.aes256Gcm]: 32,
  [aeadIds.chaCha20Poly1305]: 32,
});

/** Nn and Nt of every AEAD here (RFC 9180, section 7.3). */
export const nonceBytes = 12;
export const tagBytes = 16;

export function isKemId(id: number): id is KemId {
  return Object.hasOwn(kemLengths, id);
}

export function lengthsOf(kem: KemId): KemLengths {
  return kemLengths[kem];
}

export function hashOf(kdf: KdfId): HashName {
  return kdfHashes[kdf];
}

export function hashBytes(hash: HashName): number {
  return hash === 'SHA-256' ? 32 : 48;
}

/** Nk. */
export function keyBytesOf(aead: AeadId): number {
  return keyBytes[aead];
}

/** The suite that three numbers from a message name, or undefined if one is not known here. */
export function suiteOf(kem: number, kdf: number, aead: number): HpkeSuite | undefined {
  const symmetric = symmetricSuiteOf(kdf, aead);
  return symmetric !== undefined && isKemId(kem) ? Object.freeze({ kem, ...symmetric }) : undefined;
}

export function symmetricSuiteOf(kdf: number, aead: number): SymmetricSuite | undefined {
  if (!Object.hasOwn(kdfHashes, kdf) || !Object.hasOwn(keyBytes, aead)) return undefined;
  // Both tables have exactly the known numbers as keys.
  return Object.freeze({ kdf: kdf as KdfId, aead: aead as AeadId });
}

export function sameSymmetricSuite(left: SymmetricSuite, right: SymmetricSuite): boolean {
  return left.kdf === right.kdf && left.aead === right.aead;
}

/** @throws HPKE_UNSUPPORTED always. */
export function refuseAlgorithm(what: string): never {
  throw new EnclosError('HPKE_UNSUPPORTED', `This runtime does not have ${what}.`);
}
