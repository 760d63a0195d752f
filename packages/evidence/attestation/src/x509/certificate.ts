import { DerReader } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { parseX509, type CertificateForm, type X509Certificate } from './x509.ts';

const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const ecPublicKey = '1.2.840.10045.2.1';
const prime256v1 = '1.2.840.10045.3.1.7';

/**
 * An X.509 v3 certificate with a P-256 key, signed with ECDSA and SHA-256: the
 * only kind in a DCAP chain. The public key is x then y, 32 bytes each (that the
 * point is on the curve is checked when the key is used), the signature r then s.
 */
export type Certificate = X509Certificate<Uint8Array>;

/** The form of Intel's certificates and revocation lists, and of our software platforms'. */
export const p256Form: CertificateForm<Uint8Array> = Object.freeze({
  checkAlgorithm,
  readSignature: readEcdsaSignature,
  readPublicKey,
});

/** @throws a CODEC error. */
export function parseCertificate(input: Uint8Array): Certificate {
  return parseX509(input, p256Form);
}

/** AlgorithmIdentifier ecdsa-with-SHA256, parameters absent (RFC 5758 section 3.2). */
function checkAlgorithm(identifier: Uint8Array): void {
  const algorithm = new DerReader(identifier).sequence();
  if (algorithm.objectIdentifier() !== ecdsaWithSha256) {
    throw new EnclosError('CODEC_INVALID', 'A signature algorithm other than ECDSA with SHA-256.');
  }
  algorithm.end();
}

/** SubjectPublicKeyInfo with an uncompressed point on the named curve P-256 (RFC 5480 section 2). */
function readPublicKey(reader: DerReader): Uint8Array {
  const info = reader.sequence();
  const algorithm = info.sequence();
  const type = algorithm.objectIdentifier();
  const curve = algorithm.objectIdentifier();
  algorithm.end();
  const { unusedBits, bytes } = info.bitString();
  info.end();
  const isPoint = unusedBits === 0 && bytes.length === 65 && bytes[0] === 4;
  if (type !== ecPublicKey || curve !== prime256v1 || !isPoint) {
    throw new EnclosError('CODEC_INVALID', 'A public key other than an uncompressed P-256 point.');
  }
  return bytes.subarray(1);
}

/** ECDSA-Sig-Value (RFC 5480 appendix A) to the fixed form that WebCrypto takes. */
function readEcdsaSignature(bytes: Uint8Array): Uint8Array {
  const outer = new DerReader(bytes);
  const pair = outer.sequence();
  outer.end();
  const r = pair.magnitude(32);
  const s = pair.magnitude(32);
  pair.end();
  const signature = new Uint8Array(64);
  signature.set(r, 32 - r.length);
  signature.set(s, 64 - s.length);
  return signature;
}
