/** One numbered step of verification. Its number is its position in `verificationSteps`, from 1. */
export interface VerificationStep {
  readonly id: string;
  readonly title: string;
}

/**
 * What `verifyQuote` checks, in the order in which it checks. The order decides
 * which error wins, and follows Intel's Quote Verification Library (QVL).
 * `docs/verification.md` has one section for each.
 */
export const verificationSteps = Object.freeze([
  step('quote-format', 'The quote is a well-formed ECDSA quote of Intel’s QE vendor'),
  step('pck-chain-shape', 'The PCK chain is a PCK certificate, a CA and a root'),
  step('root-certificate', 'The root is a self-signed certificate authority'),
  step('intermediate-certificate', 'The PCK CA is issued by the root'),
  step('pck-certificate', 'The PCK certificate is issued by the PCK CA'),
  step('trusted-root', 'The root’s public key is one that the caller trusts'),
  step('root-crl', 'The root’s revocation list is signed by the root'),
  step('pck-crl', 'The PCK CA’s revocation list is signed by the PCK CA'),
  step('intermediate-revocation', 'The PCK CA is not revoked'),
  step('pck-revocation', 'The PCK certificate is not revoked'),
  step('tcb-signing-chain', 'The TCB signing certificate is issued by the trusted root and not revoked'),
  step('tcb-info-signature', 'The TCB info is signed by the TCB signing certificate'),
  step(
    'qe-identity-signing-chain',
    'The QE identity’s signing certificate is issued by the trusted root and not revoked',
  ),
  step('qe-identity-signature', 'The QE identity is signed by its signing certificate'),
  step('tcb-info-match', 'The TCB info is for this TEE, platform family and PCE'),
  step('tdx-module-match', 'The TDX module, for a trust domain, is one that the TCB info describes'),
  step('qe-report-signature', 'The quoting enclave’s report is signed by the PCK'),
  step('qe-report-binding', 'The quoting enclave’s report vouches for the attestation key'),
  step('qe-identity-match', 'The quoting enclave is the one that the QE identity describes'),
  step('quote-signature', 'The quote is signed by the attestation key'),
  step('tcb-evaluation', 'The versions of platform, TDX module and quoting enclave map to a TCB status'),
  step('collateral-dates', 'The dates of all collateral are compared with the time of verification'),
] as const);

/** The id of a verification step: what `details.step` of a refusal holds. */
export type StepId = (typeof verificationSteps)[number]['id'];

function step<const Id extends string>(id: Id, title: string): { readonly id: Id; readonly title: string } {
  return Object.freeze({ id, title });
}
