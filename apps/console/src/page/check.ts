import type { CertificateEvidence } from '@enclos/atls/certificate';
import { explainAzureDocument, explainHclReport, explainQuote, explainSnpReport } from '@enclos/attestation/explain';
import { equalBytes, fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { appraisalOf } from './appraisal.ts';
import { verifyHclReport, verifyMachine } from './check-azure.ts';
import { collateralOf, endorsementsOf, verifyDcap } from './check-quote.ts';
import { verifySnp } from './check-snp.ts';
import { boundDataOf, type Outcome, type Request, type Verification } from './outcome.ts';

const explainers = {
  quote: explainQuote,
  'snp-report': explainSnpReport,
  'azure-evidence': explainAzureDocument,
  'hcl-report': explainHclReport,
} as const;

const verifiers = {
  quote: verifyDcap,
  'snp-report': verifySnp,
  'azure-evidence': verifyMachine,
  'hcl-report': verifyHclReport,
} as const;

/** Decodes, verifies and appraises as far as there is something to do it with. */
export async function check(request: Request): Promise<Outcome> {
  const { evidence } = request;
  const { kind = 'quote', bytes, certificate } = evidence ?? {};
  const verification = boundToKey(await verifiers[kind](request), certificate);
  const isBound = certificate !== undefined && verification.kind === 'genuine';
  const isRefusedForKey = verification.kind === 'refused' && verification.error.details['step'] === keyStep.id;
  return {
    fields: bytes === undefined ? [] : explainers[kind](bytes),
    collateral: kind === 'quote' || kind === 'azure-evidence' ? collateralOf(endorsementsOf(request)) : undefined,
    verification,
    appraisal: verification.kind === 'genuine' ? appraisalOf(request, verification.verdict, isBound) : { kind: 'none' },
    ...(certificate === undefined
      ? {}
      : { certificate: { unpacked: certificate, ...(isBound || isRefusedForKey ? { keyBound: isBound } : {}) } }),
    ...(kind === 'hcl-report' ? { onlyHardware: true } : {}),
  };
}

const keyStep = { id: 'certificate-binding', title: 'The evidence vouches for the key of the certificate' } as const;

/** Genuine evidence that somebody put into a certificate of his own says nothing about the key of that. */
function boundToKey(verification: Verification, certificate: CertificateEvidence | undefined): Verification {
  if (verification.kind !== 'genuine' || certificate === undefined) return verification;
  const { steps, verdict } = verification;
  const reportData = fromHex(boundDataOf(verdict));
  const isBound = certificate.boundReportData.some((expected) => equalBytes(expected, reportData));
  const step = { number: steps.length + 1, ...keyStep, status: isBound ? 'passed' : 'failed' } as const;
  const all = [...steps, step];
  if (isBound) return { ...verification, steps: all };
  const message = 'The evidence is genuine, but it does not vouch for the key of the certificate that carries it.';
  const details = { step: keyStep.id, status: 'CERTIFICATE_KEY_NOT_BOUND' };
  return { kind: 'refused', error: new EnclosError('EVIDENCE_REFUSED', message, { details }), steps: all };
}
