import { createHash, X509Certificate } from 'node:crypto';
import { readSmallFile } from '@enclos/cli-frame/files';
import { countPemStarts, findDer, toPem } from '@enclos/codec/pem';
import { decodeLatin1 } from '@enclos/codec/text';
import { rootInCollateral } from '@enclos/atls';
import { INTEL_SGX_ROOT, softwareRoot, type TrustedRoot } from '@enclos/attestation';
import { EnclosError } from '@enclos/errors';

export interface RootOptions {
  /** Certificate files, PEM or DER. */
  readonly rootFiles: readonly string[];
  /** Fingerprints (SHA-256 of the SubjectPublicKeyInfo, hex) of roots whose certificates are in the collateral. */
  readonly softwareRoots: readonly string[];
  readonly intelRoot: boolean;
  /** AMD's roots of all products, for reports of SEV-SNP. */
  readonly amdRoots?: boolean;
}

const maxCertificateBytes = 64 * 1024;

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, CLI_ROOT_UNKNOWN, VERIFIER_MISUSED */
export async function trustedRoots(options: RootOptions, collateral: unknown): Promise<readonly TrustedRoot[]> {
  const fromFiles = options.rootFiles.map((path) => rootOfFile(path));
  const fromCollateral = options.softwareRoots.map((fingerprint) => rootOfCollateral(fingerprint, collateral));
  const roots = await Promise.all([...fromFiles, ...fromCollateral]);
  return options.intelRoot ? [...roots, INTEL_SGX_ROOT] : roots;
}

async function rootOfFile(path: string): Promise<TrustedRoot> {
  const bytes = await readSmallFile(path, maxCertificateBytes);
  const certificate = oneCertificate(bytes);
  if (certificate === undefined) {
    throw new EnclosError('CLI_FILE_INVALID', `${path} is not one certificate in PEM or DER.`, { details: { path } });
  }
  // Of Intel's root only the key is trusted, wherever its certificate comes from.
  if (fingerprintOf(certificate) === INTEL_SGX_ROOT.fingerprint) return INTEL_SGX_ROOT;
  return softwareRoot(new Uint8Array(certificate.raw));
}

/** A root must be alone in its file, without even a block that cannot be read. */
function oneCertificate(bytes: Uint8Array): X509Certificate | undefined {
  const [der, ...others] = findDer(bytes, 2);
  if (der === undefined || others.length > 0 || countPemStarts(decodeLatin1(bytes)) > 1) return undefined;
  try {
    return new X509Certificate(toPem('CERTIFICATE', der));
  } catch {
    return undefined;
  }
}

async function rootOfCollateral(fingerprint: string, collateral: unknown): Promise<TrustedRoot> {
  const found = await rootInCollateral(fingerprint, collateral);
  if (found !== undefined) return found;
  throw new EnclosError(
    'CLI_ROOT_UNKNOWN',
    'No certificate in the collateral has the fingerprint of the software root.',
    { details: { softwareRoot: fingerprint.toLowerCase() } },
  );
}

function fingerprintOf(certificate: X509Certificate): string {
  return createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}
