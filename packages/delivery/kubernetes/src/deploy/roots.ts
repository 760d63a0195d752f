import { findPemBlocks, toPem } from '@enclos/codec/pem';
import { createHash, X509Certificate } from 'node:crypto';
import { EnclosError } from '@enclos/errors';
import type { CheckedRoots } from './objects.ts';
import type { DeploySettings } from './settings.ts';

const mostCertificates = 64;

/**
 * Checks certificates of software roots against a list of fingerprints:
 * SHA-256 of the public key as SubjectPublicKeyInfo, as policies name roots.
 * @throws DEPLOY_ROOTS_INVALID for a certificate that is not listed, or a fingerprint without one
 */
export function checkRoots(
  given: Exclude<DeploySettings['softwareRoots'], string | undefined>,
  pem: string | undefined,
): CheckedRoots {
  const roots = 'fingerprints' in given ? given : { fingerprints: given };
  const fingerprints = [...new Set(roots.fingerprints)];
  if (pem === undefined) return { fingerprints };
  const blocks = findPemBlocks(pem, 2 * mostCertificates)
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ bytes }) => toPem('CERTIFICATE', bytes));
  if (blocks.length === 0 || blocks.length > mostCertificates) {
    throw invalid(`${roots.pem ?? 'The file'} has ${blocks.length} certificates.`);
  }
  const found = new Set(blocks.map((text) => fingerprintOf(text)));
  for (const fingerprint of found) {
    if (!fingerprints.includes(fingerprint)) {
      throw invalid(
        `${roots.pem ?? 'The file'} has a root ${fingerprint} that softwareRoots.fingerprints does not list.`,
      );
    }
  }
  const missing = fingerprints.find((fingerprint) => !found.has(fingerprint));
  if (missing !== undefined) throw invalid(`${roots.pem ?? 'The file'} has no root ${missing}.`);
  // What else the file holds stays behind: a private key beside the certificates, for one.
  return { fingerprints, pem: blocks.join('') };
}

function fingerprintOf(text: string): string {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text);
  } catch (cause) {
    throw invalid('A block of the file is not a certificate.', cause);
  }
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('hex');
}

function invalid(message: string, cause?: unknown): EnclosError {
  return new EnclosError('DEPLOY_ROOTS_INVALID', message, { cause });
}
