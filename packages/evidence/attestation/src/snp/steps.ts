import type { VerificationStep } from '../refusal/steps.ts';

/**
 * What `verifySnpReport` checks, in the order in which it checks.
 * `docs/sev-snp.md` has one section for each.
 */
export const snpVerificationSteps = Object.freeze([
  step('snp-report-format', 'The report is well-formed, of a known version, and signed'),
  step('snp-chain-shape', 'The chain is a key that signs reports, its AMD authority and an AMD root'),
  step('snp-trusted-root', 'The root’s public key is one that the caller trusts'),
  step('snp-root-certificate', 'The root is a self-signed certificate authority'),
  step('snp-intermediate-certificate', 'The authority is issued by the root'),
  step('snp-leaf-certificate', 'The certificate of the signing key is issued by the authority'),
  step('snp-product', 'Root, certificates and report are of one product'),
  step('snp-revocation', 'The root’s revocation list, where there is one, revokes nothing of the chain'),
  step('snp-report-signature', 'The report is signed by the certified key'),
  step('snp-tcb', 'The certified key is the one of the reported TCB'),
  step('snp-chip', 'The certified key is the one of the reporting chip'),
  step('snp-dates', 'The dates of certificates and list are compared with the time of verification'),
] as const);

/** The id of a step: what `details.step` of a refusal holds. */
export type SnpStepId = (typeof snpVerificationSteps)[number]['id'];

function step<const Id extends string>(id: Id, title: string): VerificationStep & { readonly id: Id } {
  return Object.freeze({ id, title });
}
