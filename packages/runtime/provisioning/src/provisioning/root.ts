import { createHash, X509Certificate } from 'node:crypto';

/** Hex of SHA-256 of the root's SubjectPublicKeyInfo (DER): what policies list and machines pin. */
export function rootFingerprintOf(pem: string): string {
  const { publicKey } = new X509Certificate(pem);
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}
