import type { CertificateEvidence } from '@enclos/atls/certificate';
import { parseCollateral } from '@enclos/attestation';
import { explainCollateral } from '@enclos/attestation/explain';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { attempt } from '@enclos/evidence';
import { explainFields } from '@enclos/evidence/fields';
import { boundDataOf } from '@enclos/evidence/verify';
import { appraisalOf } from './appraisal.ts';
import type { KeyBinding, Outcome, Request, Verification } from './outcome.ts';
import { verifyRequest } from './verification.ts';

/** Decodes, verifies and appraises as far as there is something to do it with. */
export async function check(request: Request): Promise<Outcome> {
  const { evidence, collateral, now } = request;
  const { kind = 'quote', bytes, certificate } = evidence ?? {};
  const verified = await verifyRequest(request);
  const actual = certificate === undefined ? undefined : keyBindingOf(verified, certificate);
  const verification = actual === undefined ? verified : withKeyStep(verified, actual);
  return {
    fields: bytes === undefined ? [] : await explainFields({ form: kind, bytes }, now),
    collateral:
      collateral !== undefined && (kind === 'quote' || kind === 'azure-evidence')
        ? attempt(() => explainCollateral(parseCollateral(collateral)))
        : undefined,
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

/** Anyone can put genuine evidence of another into their certificate: it says nothing about that key. */
function withKeyStep(verification: Verification, { isBound }: KeyBinding): Verification {
  if (verification.kind !== 'genuine') return verification;
  const step = { number: verification.steps.length + 1, ...keyStep, status: isBound ? 'passed' : 'failed' } as const;
  const steps = [...verification.steps, step];
  if (isBound) return { ...verification, steps };
  const message = 'The evidence is genuine, but it does not vouch for the key of the certificate that carries it.';
  const details = { step: keyStep.id, status: 'CERTIFICATE_KEY_NOT_BOUND' };
  return { kind: 'refused', error: new EnclosError('EVIDENCE_REFUSED', message, { details }), steps };
}
