import { createHash } from 'node:crypto';

/** The most that a common name holds (RFC 5280 appendix A.1, ub-common-name). */
const longest = 64;

/**
 * The common name in the certificate of a tenant's key: its issuer, as clients of Azure Attestation look for it. Of
 * one that is too long it is a digest and never a piece, which could be the whole name of another party; the
 * alternative name has all of it.
 */
export function certificateName(issuer: string): string {
  return issuer.length <= longest ? issuer : `issuer sha256 ${createHash('sha256').update(issuer).digest('base64url')}`;
}
