import { createHash } from 'node:crypto';
import { refuseUsage } from '@enclos/cli-frame';
import { readSmallFile } from '@enclos/cli-frame/files';
import { findDer, findPemBlocks } from '@enclos/codec/pem';
import type { SnpRoot } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { RootOptions } from './trusted-roots.ts';

import { attempt, amdRoots, describeCertificate, isRecord } from '@enclos/evidence';

const maxCertificateBytes = 64 * 1024;
const mostCertificates = 16;

/**
 * The roots of AMD, and of others in their shape, that are trusted for reports.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, CLI_ROOT_UNKNOWN, CLI_USAGE when none is named
 */
export async function trustedSnpRoots(options: RootOptions, collateral: unknown): Promise<readonly SnpRoot[]> {
  const fromFiles = await Promise.all(options.rootFiles.map(rootOfFile));
  const fromCollateral = options.softwareRoots.map((fingerprint) => rootOfCollateral(fingerprint, collateral));
  const roots = [...fromFiles, ...fromCollateral, ...(options.amdRoots === true ? amdRoots : [])];
  const none = 'This is a report of SEV-SNP, and no root for it is named: --amd-root, or --root FILE.';
  return roots.length > 0 ? roots : refuseUsage(none);
}

async function rootOfFile(path: string): Promise<SnpRoot> {
  const bytes = await readSmallFile(path, maxCertificateBytes);
  const blocks = findDer(bytes, mostCertificates);
  const [der] = blocks;
  const root = der === undefined || blocks.length > 1 ? undefined : rootOf(der);
  if (root === undefined) {
    throw new EnclosError(
      'CLI_FILE_INVALID',
      `${path} is not one root certificate of a product of AMD's, in PEM or DER.`,
      {
        details: { path },
      },
    );
  }
  return root;
}

/** The fingerprint is the trust; the collateral only supplies the key that has it. */
function rootOfCollateral(fingerprint: string, collateral: unknown): SnpRoot {
  const chain = isRecord(collateral) ? (collateral['certificate_chain'] ?? collateral['certificateChain']) : undefined;
  const blocks = typeof chain === 'string' ? findPemBlocks(chain, mostCertificates) : [];
  const certified = blocks.map(({ bytes }) => rootOf(bytes)).filter((root) => root !== undefined);
  const found = [...amdRoots, ...certified].find((root) => root.fingerprint === fingerprint);
  if (found !== undefined) return found;
  throw new EnclosError('CLI_ROOT_UNKNOWN', 'No certificate in the collateral has the fingerprint of the root.', {
    details: { softwareRoot: fingerprint },
  });
}

/** Only the key of AMD's own roots is trusted, whatever the certificate states. */
function rootOf(der: Uint8Array): SnpRoot | undefined {
  const shape = attempt(() => describeCertificate(der));
  if (shape === undefined) return undefined;
  const fingerprint = createHash('sha256').update(shape.publicKeyInfo).digest('hex');
  const known = amdRoots.find((root) => root.fingerprint === fingerprint);
  if (known !== undefined) return known;
  const product = (['Milan', 'Genoa', 'Turin'] as const).find((name) => shape.subject.includes(`CN=ARK-${name}`));
  return product === undefined ? undefined : { product, publicKey: toHex(shape.publicKeyInfo), fingerprint };
}
