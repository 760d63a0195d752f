import { findPemBlocks, toPem } from '@enclos/codec/pem';
import { X509Certificate } from 'node:crypto';
import { parseSnpCollateral, type SnpEndorsements, type SnpRoot, type SnpVerdict } from '@enclos/attestation';
import { verifySnpReportSync } from '@enclos/attestation/node';
import { toHex } from '@enclos/codec';
import { endorsementFacts, type EndorsementFacts } from '@enclos/endorsements';
import type { Baseline } from './baseline.ts';
import type { AttestContext } from './context.ts';
import type { SnpEndorsementParts } from './endorsement-memory.ts';
import type { EndorsementRequest } from './endorsement-request.ts';
import { splitChain, type Evidence } from './evidence.ts';
import { ofCaller, refuseEvidence } from './refuse.ts';

type Report = Extract<Evidence, { kind: 'report' }>;

/**
 * Verifies a report of SEV-SNP: with the certificates that came with it, or with those that the host found, and always
 * with the revocation list that the host found.
 *
 * @throws ATTESTATION_EVIDENCE_REFUSED, ATTESTATION_ENDORSEMENTS_UNAVAILABLE
 */
export async function verifyReportFor(context: AttestContext, evidence: Report, at: Date): Promise<SnpVerdict> {
  const { amdRoots, baseline, endorsements } = context;
  const { report } = evidence;
  const product = productOf(evidence, amdRoots);
  const named = ofCaller(() => endorsementFacts(report, product === undefined ? {} : { product }), 'evidence-format');
  const request = { facts: evidence.signingKeyCertificate === undefined ? named : withoutChip(named) };
  const found = await foundFor(context, evidence, { request, at });
  const { signingKeyCertificate, certificateChain } = certificatesOf(evidence, found?.certificate_chain);
  const verdict = ofCaller(() => {
    const collateral = parseSnpCollateral({
      signingKeyCertificate,
      certificateChain,
      ...(found === undefined ? {} : { revocationList: found.crl }),
    });
    return verify(context, report, { collateral, at });
  }, 'evidence');
  requireAcceptable(verdict, baseline);
  if (found !== undefined) endorsements.keep(request, found, verdict.dates.earliestExpiration);
  return verdict;
}

function verify(
  { amdRoots: roots, cache, crypto }: AttestContext,
  report: Uint8Array,
  { collateral, at: now }: { readonly collateral: SnpEndorsements; readonly at: Date },
): SnpVerdict {
  const options = { roots, cache, now, ...(crypto === undefined ? {} : { crypto }) };
  return verifySnpReportSync(report, collateral, options);
}

/**
 * With its certificate at hand only the list of its product is asked for. AMD's service answers few requests for chips,
 * and anybody can make up reports of chips that do not exist.
 */
function withoutChip(facts: EndorsementFacts): EndorsementFacts {
  if (facts.tee !== 'snp') return facts;
  const { tee, product, signingKey } = facts;
  return { tee, product, signingKey };
}

/** Without a list from anywhere a tenant may go on, if it said so and the certificates came with the report. */
async function foundFor(
  { baseline, endorsements }: AttestContext,
  { signingKeyCertificate }: Report,
  { request, at }: { readonly request: EndorsementRequest; readonly at: Date },
): Promise<SnpEndorsementParts | undefined> {
  try {
    return await endorsements.forReport(request, { at });
  } catch (error) {
    if (baseline.allowUncheckedRevocation && signingKeyCertificate !== undefined) return undefined;
    throw error;
  }
}

function certificatesOf(
  { signingKeyCertificate, certificateChain }: Report,
  found: string | undefined,
): { readonly signingKeyCertificate: string; readonly certificateChain: string } {
  if (signingKeyCertificate !== undefined && certificateChain !== undefined) {
    return { signingKeyCertificate, certificateChain };
  }
  return ofCaller(() => splitChain(found ?? ''), 'evidence-format');
}

/** A chain of a report has three. */
const mostCertificates = 8;

/** Reports of version 2 do not name their product: the root that they came with does, by its key. */
function productOf({ certificateChain = '' }: Report, roots: readonly SnpRoot[]): SnpRoot['product'] | undefined {
  const last = findPemBlocks(certificateChain, mostCertificates).at(-1);
  if (last === undefined) return undefined;
  try {
    const { publicKey } = new X509Certificate(toPem(last.label, last.bytes));
    const key = toHex(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
    return roots.find((root) => root.publicKey === key)?.product;
  } catch {
    // No certificate that OpenSSL reads: the verifier says what is wrong with it.
    return undefined;
  }
}

function requireAcceptable({ dates, revocation }: SnpVerdict, baseline: Baseline): void {
  const parts = [...new Set([...dates.expired, ...dates.notYetValid])];
  if (parts.length > 0) {
    const message = `The certificates or the revocation list are not of this time: ${parts.join(', ')}.`;
    refuseEvidence(message, { rule: 'collateral-dates', parts });
  }
  if (revocation === 'no-list' && !baseline.allowUncheckedRevocation) {
    refuseEvidence('No revocation list was found for the certificates of the report.', { rule: 'revocation' });
  }
}
