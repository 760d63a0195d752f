import { readWholeSequence } from '@enclos/codec';
import {
  parseCertificate,
  parseRevocationList,
  readPublicKeyInfo,
  type CertificateForm,
  type RevocationList,
  type X509Certificate,
} from '@enclos/codec/x509';
import { EnclosError } from '@enclos/errors';

const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const ecPublicKey = '1.2.840.10045.2.1';
const prime256v1 = '1.2.840.10045.3.1.7';

/**
 * An X.509 v3 certificate with a P-256 key, signed with ECDSA and SHA-256: the
 * only kind in a DCAP chain. The public key is x then y, 32 bytes each (that the
 * point is on the curve is checked when the key is used), the signature r then s.
 */
export type P256Certificate = X509Certificate<Uint8Array>;

/** The form of Intel's certificates and revocation lists, and of our software platforms'. */
const p256Form: CertificateForm<Uint8Array> = Object.freeze({
  checkAlgorithm,
  readSignature: readEcdsaSignature,
  readPublicKey,
});

/** @throws a CODEC error. */
export function parseP256Certificate(input: Uint8Array): P256Certificate {
  return parseCertificate(input, p256Form);
}

/** A revocation list of the same form. @throws a CODEC error. */
export function parseP256RevocationList(input: Uint8Array): RevocationList {
  return parseRevocationList(input, p256Form);
}

/** AlgorithmIdentifier ecdsa-with-SHA256, parameters absent (RFC 5758 section 3.2). */
function checkAlgorithm(identifier: Uint8Array): void {
  const algorithm = readWholeSequence(identifier);
  if (algorithm.objectIdentifier() !== ecdsaWithSha256) {
    throw new EnclosError('CODEC_INVALID', 'A signature algorithm other than ECDSA with SHA-256.');
  }
  algorithm.end();
}

/** SubjectPublicKeyInfo with an uncompressed point on the named curve P-256 (RFC 5480 section 2). */
function readPublicKey(info: Uint8Array): Uint8Array {
  const { algorithm, parameters, key } = readPublicKeyInfo(info);
  const curve = parameters.objectIdentifier();
  parameters.end();
  if (algorithm !== ecPublicKey || curve !== prime256v1 || key.length !== 65 || key[0] !== 4) {
    throw new EnclosError('CODEC_INVALID', 'A public key other than an uncompressed P-256 point.');
  }
  return key.subarray(1);
}

/** ECDSA-Sig-Value (RFC 5480 appendix A) to the fixed form that WebCrypto takes. */
function readEcdsaSignature(bytes: Uint8Array): Uint8Array {
  const pair = readWholeSequence(bytes);
  const r = pair.magnitude(32);
  const s = pair.magnitude(32);
  pair.end();
  const signature = new Uint8Array(64);
  signature.set(r, 32 - r.length);
  signature.set(s, 64 - s.length);
  return signature;
}
