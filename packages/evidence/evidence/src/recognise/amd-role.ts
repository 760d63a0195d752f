import { attempt } from './attempt.ts';
import { describeCertificate } from './certificate.ts';

/** Where a certificate of AMD stands in its chain (document 57230): VCEK or VLEK, then ASK or ASVK, then ARK. */
export type AmdRole = 'leaf' | 'authority' | 'root';

const leafExtensions = '1.3.6.1.4.1.3704.1.';

/**
 * What a certificate of AMD is for, by what it says of itself: the verifier checks whether that is true.
 *
 * @returns undefined for a certificate that names neither AMD's extensions nor its authorities, and for other bytes.
 */
export function amdRoleOf(der: Uint8Array): AmdRole | undefined {
  const certificate = attempt(() => describeCertificate(der));
  if (certificate === undefined) return undefined;
  if (certificate.extensions.some(({ id }) => id.startsWith(leafExtensions))) return 'leaf';
  const [, name] = /CN=(ARK|SEV)-[A-Z]/.exec(certificate.subject) ?? [];
  return name === undefined ? undefined : name === 'ARK' ? 'root' : 'authority';
}
