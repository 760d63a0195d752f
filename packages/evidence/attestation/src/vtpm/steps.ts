import { snpVerificationSteps, type SnpStepId } from '../snp/steps.ts';
import { verificationSteps, type StepId, type VerificationStep } from '../refusal/steps.ts';
import type { HclHardware } from './hcl-report.ts';

/**
 * What `verifyAzureSnp` and `verifyAzureTdx` check, in the order in which they
 * check. What the hardware's own verification refuses has that one's steps.
 */
export const azureVerificationSteps = Object.freeze([
  step('vtpm-hcl-report', 'The HCL report is well-formed, and of the expected hardware'),
  step('vtpm-hardware', 'The hardware’s evidence is genuine, and is the paravisor’s'),
  step('vtpm-binding', 'The hardware’s report data are the hash of the runtime data'),
  step('vtpm-runtime-data', 'The runtime data name the attestation key'),
  step('vtpm-quote-format', 'The TPM quote is well-formed'),
  step('vtpm-quote-signature', 'The TPM quote is signed by the attestation key'),
  step('vtpm-pcr-digest', 'The given PCR values are the ones that were quoted'),
] as const);

const documentStep = step('vtpm-document', 'The evidence is one well-formed document');

/** The id of a step: what `details.step` of a refusal holds. */
export type AzureStepId = (typeof azureVerificationSteps)[number]['id'] | (typeof documentStep)['id'];

/** Any step of evidence that came as a document: also those of the hardware's own verification. */
export type AzureDocumentStepId = AzureStepId | SnpStepId | StepId;

const hardwareSteps = { 'sev-snp': snpVerificationSteps, tdx: verificationSteps };

/**
 * All that is checked of a document, one step after the other: those of its
 * hardware stand where they are taken. Without a hardware nothing is known but
 * that there is to be one.
 */
export function azureDocumentSteps(
  hardware: HclHardware | undefined,
): readonly { readonly id: AzureDocumentStepId; readonly title: string }[] {
  const [hclReport, ...rest] = azureVerificationSteps;
  return [documentStep, hclReport, ...(hardware === undefined ? [] : hardwareSteps[hardware]), ...rest];
}

function step<const Id extends string>(id: Id, title: string): VerificationStep & { readonly id: Id } {
  return Object.freeze({ id, title });
}
