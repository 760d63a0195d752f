import type { CertificateEvidence } from '@enclos/atls/certificate';
import { explainAzureDocument, explainHclReport, explainQuote, explainSnpReport } from '@enclos/attestation/explain';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { appraisalOf } from './appraisal.ts';
import { verifyHclReport, verifyMachine } from './check-azure.ts';
import { collateralOf, endorsementsOf, verifyDcap } from './check-quote.ts';
import { verifySnp } from './check-snp.ts';
import { boundDataOf, type KeyBinding, type Outcome, type Request, type Verification } from './outcome.ts';

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
  const verified = await verifiers[kind](request);
  const actual = certificate === undefined ? undefined : keyBindingOf(verified, certificate);
  const verification = actual === undefined ? verified : withKeyStep(verified, actual);
  return {
    fields: bytes === undefined ? [] : explainers[kind](bytes),
    collateral: kind === 'quote' || kind === 'azure-evidence' ? collateralOf(endorsementsOf(request)) : undefined,
    verification,
    appraisal:
      verification.kind === 'genuine'
        ? appraisalOf(request, verification.verdict, actual !== undefined)
        : { kind: 'none' },
    certificate: certificate && { unpacked: certificate, actual },
    onlyHardware: kind === 'hcl-report',
  };
}

/** Undefined while the evidence is not known to be genuine. */
function keyBindingOf(verification: Verification, { boundReportData }: CertificateEvidence): KeyBinding | undefined {
  if (verification.kind !== 'genuine') return undefined;
  const boundData = boundDataOf(verification.verdict);
  return { boundData, isBound: boundReportData.some((expected) => toHex(expected) === boundData) };
}

const keyStep = { id: 'certificate-binding', title: 'The evidence vouches for the key of the certificate' } as const;

/** Genuine evidence that someone copied into another certificate says nothing about the key of that certificate. */
function withKeyStep(verification: Verification, { isBound }: KeyBinding): Verification {
  if (verification.kind !== 'genuine') return verification;
  const step = { number: verification.steps.length + 1, ...keyStep, status: isBound ? 'passed' : 'failed' } as const;
  const steps = [...verification.steps, step];
  if (isBound) return { ...verification, steps };
  const message = 'The evidence is genuine, but it does not vouch for the key of the certificate that carries it.';
  const details = { step: keyStep.id, status: 'CERTIFICATE_KEY_NOT_BOUND' };
  return { kind: 'refused', error: new EnclosError('EVIDENCE_REFUSED', message, { details }), steps };
}
