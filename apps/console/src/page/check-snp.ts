import { parseSnpCollateral, snpStepResults, verifySnpReport, type SnpEndorsements } from '@enclos/attestation';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import type { AmdCollateral, Missing, Request, Verification } from './outcome.ts';
import { verified } from './verifying.ts';

/** An SEV-SNP report with the certificates of the key that signed it. */
export async function verifySnp(request: Request): Promise<Verification> {
  const { evidence, amdRoots: roots, now } = request;
  const endorsements = amdEndorsementsOf(request.amd);
  if (isEnclosError(endorsements)) return { kind: 'malformed', error: endorsements };
  if (evidence === undefined || endorsements === undefined || roots.length === 0) {
    return { kind: 'waiting', missing: missingOfAmd(request) };
  }
  return verified(() => verifySnpReport(evidence.bytes, endorsements, { roots, now }), snpStepResults);
}

/** Undefined while a certificate is missing. */
export function amdEndorsementsOf({
  leaf,
  authority,
  root,
  revocationList,
}: AmdCollateral): SnpEndorsements | EnclosError | undefined {
  if (leaf === undefined || authority === undefined || root === undefined) return undefined;
  try {
    return parseSnpCollateral({
      signingKeyCertificate: leaf,
      certificateChain: [authority, root],
      ...(revocationList === undefined ? {} : { revocationList }),
    });
  } catch (error) {
    if (isEnclosError(error, 'ENDORSEMENTS_INVALID')) return error;
    throw error;
  }
}

/** What a report is verified with, and is not there. */
export function missingOfAmd({ amd, amdRoots }: Pick<Request, 'amd' | 'amdRoots'>): readonly Missing[] {
  const missing: Missing[] = [];
  if (amd.leaf === undefined) missing.push('amd-leaf');
  if (amd.authority === undefined || amd.root === undefined) missing.push('amd-authority');
  if (amdRoots.length === 0) missing.push('amd-root');
  return missing;
}
