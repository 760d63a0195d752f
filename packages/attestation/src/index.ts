export { appraise, isVerifiedEvidence, type SgxEvidence, type TdxEvidence, type VerifiedEvidence } from './appraise.ts';
export {
  boundReportData,
  unbound,
  type Binding,
  type ReportDataBinding,
  type ReportDataInputs,
  type UnboundBinding,
} from './binding.ts';
export type { CollateralDates, DatedPart, DateRange, DocumentPart } from './collateral-dates.ts';
export { parseCollateral, type Endorsements, type QuoteCollateral } from './endorsements.ts';
export type {
  AcceptableStatus,
  AdvisoryRule,
  AppraisalPolicy,
  DurationsMs,
  RuntimeMeasurementRule,
  SgxPolicy,
  TdxPolicy,
} from './policy.ts';
export { parsePolicy } from './complete-policy.ts';
export type { RefusalStatus } from './refusal.ts';
export type { SgxReportFacts, TdPartitionFacts, TdReportFacts } from './report-facts.ts';
export { INTEL_SGX_ROOT, softwareRoot, type TrustedRoot } from './roots.ts';
export type { PckPlatform, PlatformConfiguration } from './sgx-extension.ts';
export type { Subtle } from './web-crypto.ts';
export { splitSignedBody } from './signed-body.ts';
export { verificationSteps, type StepId, type VerificationStep } from './steps.ts';
export { stepResults, type StepResult } from './step-results.ts';
export type { Shortfall } from './shortfall.ts';
export type { TcbEvaluation } from './tcb-evaluation.ts';
export type { EnclaveStatus, QuoteStatus } from './tcb-status.ts';
export type { QuoteVerdict, SgxVerdict, TdxVerdict } from './verdict.ts';
export { verifyQuote, type VerifyOptions } from './verify.ts';
export { createVerifierCache, type VerifierCache, type VerifierCacheLimits } from './verifier-cache.ts';
export type { VerificationOptions } from './verification.ts';
