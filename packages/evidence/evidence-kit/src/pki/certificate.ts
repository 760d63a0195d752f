import {
  concatBytes,
  derBitString,
  derExplicit,
  derInteger,
  derMagnitude,
  derOid,
  derSequence,
  derTime,
} from '@enclos/codec';
import { encodeExtensions, type Extension } from './extensions.ts';
import { signDer, type Curve, type KeyPair, type RsaKeyPair } from './keys.ts';
import { encodeName, type Name } from './name.ts';

/** Everything that a certificate says. Nothing is checked: wrong certificates are what tests need. */
export interface CertificateSpec {
  /** 3 is X.509 v3; 1 leaves the version out, as DER asks. */
  readonly version: number;
  /** Big-endian. */
  readonly serialNumber: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whose public key is certified. */
  readonly key: KeyPair | RsaKeyPair;
  /** SubjectPublicKeyInfo, DER: in place of that of `key`. */
  readonly publicKeyInfo?: Uint8Array;
  /** Whose private key signs. */
  readonly issuerKey: KeyPair | RsaKeyPair;
  /** No extensions at all when empty. */
  readonly extensions: readonly Extension[];
  /** Algorithm that is named in the signed part: that of the issuer's key unless given. */
  readonly algorithm?: Uint8Array;
  /** Algorithm that is named beside the signature: the same one unless given. */
  readonly outerAlgorithm?: Uint8Array;
}

const ecPublicKey = '1.2.840.10045.2.1';
const rsaEncryption = '1.2.840.113549.1.1.1';
const derNull = Uint8Array.of(5, 0);
const curveIds: Readonly<Record<Curve, string>> = { 'P-256': '1.2.840.10045.3.1.7', 'P-384': '1.3.132.0.34' };
const algorithmIds: Readonly<Record<Curve, string>> = {
  'P-256': '1.2.840.10045.4.3.2',
  'P-384': '1.2.840.10045.4.3.3',
};

/** AlgorithmIdentifier of ECDSA with SHA-256 (P-256) or SHA-384 (P-384). */
export function signatureAlgorithm(curve: Curve): Uint8Array {
  return derSequence(derOid(algorithmIds[curve]));
}

/**
 * RSASSA-PSS with SHA-384 and MGF1 with SHA-384 (RFC 4055 section 3.1). Keys of
 * the kit sign with a salt of 48 bytes, whatever is named here.
 *
 * @param options `trailer`: spell out the default trailer field, as AMD's older certificates do and DER forbids.
 */
export function pssAlgorithm({
  saltBytes = 48,
  trailer = false,
}: { readonly saltBytes?: number; readonly trailer?: boolean } = {}): Uint8Array {
  const sha384 = derSequence(derOid('2.16.840.1.101.3.4.2.2'), derNull);
  const mgf1 = derSequence(derOid('1.2.840.113549.1.1.8'), sha384);
  const parameters = [derExplicit(0, sha384), derExplicit(1, mgf1), derExplicit(2, derInteger(saltBytes))];
  if (trailer) parameters.push(derExplicit(3, derInteger(1)));
  return derSequence(derOid('1.2.840.113549.1.1.10'), derSequence(...parameters));
}

/** The algorithm with which this key signs. */
export function algorithmOf(key: KeyPair | RsaKeyPair): Uint8Array {
  return 'curve' in key ? signatureAlgorithm(key.curve) : pssAlgorithm();
}

/** SubjectPublicKeyInfo: of an uncompressed point (RFC 5480 section 2), or of RSA (RFC 3279 section 2.3.1). */
export function publicKeyInfo(key: Pick<KeyPair, 'curve' | 'point'> | RsaKeyPair): Uint8Array {
  if (!('curve' in key)) return derSequence(derSequence(derOid(rsaEncryption), derNull), derBitString(key.publicKey));
  const { curve, point } = key;
  const algorithm = derSequence(derOid(ecPublicKey), derOid(curveIds[curve]));
  return derSequence(algorithm, derBitString(concatBytes(Uint8Array.of(4), point)));
}

/** Encodes and signs a certificate (RFC 5280 section 4.1). */
export function issueCertificate(spec: CertificateSpec): Uint8Array {
  const algorithm = spec.algorithm ?? algorithmOf(spec.issuerKey);
  const body = derSequence(
    ...(spec.version === 1 ? [] : [derExplicit(0, derInteger(spec.version - 1))]),
    derMagnitude(spec.serialNumber),
    algorithm,
    encodeName(spec.issuer),
    derSequence(derTime(spec.notBefore), derTime(spec.notAfter)),
    encodeName(spec.subject),
    spec.publicKeyInfo ?? publicKeyInfo(spec.key),
    ...(spec.extensions.length === 0 ? [] : [derExplicit(3, encodeExtensions(spec.extensions))]),
  );
  return signedValue(body, spec.issuerKey, spec.outerAlgorithm ?? algorithm);
}

/** The outer SEQUENCE of certificates and revocation lists. */
export function signedValue(body: Uint8Array, key: KeyPair | RsaKeyPair, algorithm: Uint8Array): Uint8Array {
  return derSequence(body, algorithm, derBitString(signDer(key, body)));
}
