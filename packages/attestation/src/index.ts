export { appraise, isVerifiedEvidence, type VerifiedEvidence } from './appraise.ts';
export {
  boundReportData,
  unbound,
  type Binding,
  type ReportDataBinding,
  type ReportDataInputs,
  type UnboundBinding,
} from './binding.ts';
export type { CollateralDates, DatedPart } from './collateral-dates.ts';
export { parseCollateral, type Endorsements, type QuoteCollateral } from './endorsements.ts';
export type { AcceptableStatus, SgxPolicy } from './policy.ts';
export type { RefusalStatus } from './refusal.ts';
export type { ReportFacts } from './report-facts.ts';
export { INTEL_SGX_ROOT, softwareRoot, type TrustedRoot } from './roots.ts';
export type { PckPlatform, PlatformConfiguration } from './sgx-extension.ts';
export type { Subtle } from './signatures.ts';
export { splitSignedBody } from './signed-body.ts';
export { verificationSteps, type StepId, type VerificationStep } from './steps.ts';
export { stepResults, type StepResult } from './step-results.ts';
export type { Shortfall } from './tcb-evaluation.ts';
export type { EnclaveStatus, QuoteStatus } from './tcb-status.ts';
export type { QuoteVerdict } from './verdict.ts';
export { verifyQuote, type VerifyOptions } from './verify.ts';
export { AMD_GENOA_ROOT, AMD_MILAN_ROOT, AMD_TURIN_ROOT, type SnpRoot } from './snp/roots.ts';
export { parseSnpCollateral, type SnpCollateral, type SnpEndorsements } from './snp/endorsements.ts';
export { verifySnpReport, type SnpVerifyOptions } from './snp/verify.ts';
