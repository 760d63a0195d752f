import { createHash, X509Certificate } from 'node:crypto';

/**
 * The SHA-256 of a client's certificate in hex when it is one of `fingerprints` and of now. TLS made the client prove
 * the key; its issuer does not matter when the certificate itself is known.
 */
export function knownCertificate(
  der: Uint8Array | undefined,
  fingerprints: readonly string[],
  now: Date,
): string | undefined {
  if (der === undefined || fingerprints.length === 0) return undefined;
  const fingerprint = createHash('sha256').update(der).digest('hex');
  if (!fingerprints.includes(fingerprint)) return undefined;
  const { validFrom, validTo } = new X509Certificate(der);
  const isOfNow = Date.parse(validFrom) <= now.getTime() && now.getTime() <= Date.parse(validTo);
  return isOfNow ? fingerprint : undefined;
}
