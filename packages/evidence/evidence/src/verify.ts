import type { EvidenceFinding } from './recognise/finding.ts';
import { evidenceForms } from './forms/index.ts';
import type { AnyVerdict, FormName, SubjectOf, VerdictOf, VerifyInputs } from './forms/form.ts';
import type { Step } from './verify/steps.ts';
import type { HardwareEvidence, Subject } from './verify/subject.ts';

export { snpCollateralOf } from './verify/snp-collateral.ts';
export { stepsOf, type VerifyStep } from './verify/steps.ts';
export { tdQuoteOf } from './verify/subject.ts';
export type { HardwareVerdict, MachineVerdict } from './forms/form.ts';
export type { AnyVerdict, HardwareEvidence, Subject, VerifyInputs };

/** @throws EVIDENCE_REFUSED for evidence that cannot be read. */
export function subjectOf({ form, bytes }: Pick<EvidenceFinding, 'form' | 'bytes'>): Subject {
  return evidenceForms[form].subject(bytes);
}

/** What the vendor of the hardware endorses: what collateral is fetched for. */
export function hardwareOf<Name extends FormName>(
  subject: SubjectOf<Name> & { readonly form: Name },
): HardwareEvidence {
  return evidenceForms[subject.form].hardware(subject);
}

/** The checks of this form of evidence. For an Azure VM of unknown hardware, the checks that all have in common. */
export function stepListOf(evidence: Subject | { readonly form: FormName }): readonly Step[] {
  const subject = 'bytes' in evidence || 'document' in evidence ? evidence : undefined;
  return evidenceForms[evidence.form].steps(subject);
}

/**
 * Verifies evidence of any form by the steps of its form.
 *
 * @throws EVIDENCE_REFUSED, ENDORSEMENTS_INVALID, and what asking for the roots throws.
 * @example
 * const [piece] = piecesIn(recognise(bytes));
 * const verdict = await verifyEvidence(subjectOf(piece.evidence), {
 *   collateral,
 *   roots: async () => [INTEL_SGX_ROOT],
 *   amdRoots: async () => amdRoots,
 *   now: new Date(),
 * });
 */
export async function verifyEvidence<Name extends FormName>(
  subject: SubjectOf<Name> & { readonly form: Name },
  inputs: VerifyInputs,
): Promise<VerdictOf<Name>> {
  return evidenceForms[subject.form].verify(subject, inputs);
}

/** Hex of what the evidence was asked for: report data, or the qualifying data of a TPM quote. */
export function boundDataOf(verdict: AnyVerdict): string {
  return verdict.tee === 'azure-vtpm' ? verdict.tpm.qualifyingData : verdict.report.reportData;
}
