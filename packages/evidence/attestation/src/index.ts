import './errors.ts';
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
  DurationsMs,
  RuntimeMeasurementRule,
  SgxPolicy,
  TdxPolicy,
} from './policy.ts';
export { parsePolicy, type AppraisalPolicy, type ParsedPolicy } from './parse-policy.ts';
export type { RefusalStatus } from './refusal.ts';
export type { SgxReportFacts, TdPartitionFacts, TdReportFacts } from './report-facts.ts';
export { INTEL_SGX_ROOT, softwareRoot, type TrustedRoot } from './roots.ts';
export type { PckPlatform, PlatformConfiguration } from './sgx-extension.ts';
export type { Subtle } from './web-crypto.ts';
export { splitSignedBody } from './signed-body.ts';
export { verificationSteps, type StepId, type VerificationStep } from './steps.ts';
export { azureStepResults, snpStepResults, stepResults, type StepResult } from './step-results.ts';
export type { Shortfall } from './shortfall.ts';
export type { TcbEvaluation } from './tcb-evaluation.ts';
export type { EnclaveStatus, QuoteStatus } from './tcb-status.ts';
export type { QuoteVerdict, SgxVerdict, TdxVerdict } from './verdict.ts';
export { validityOf, type PartOutOfForce, type Validity } from './validity.ts';
export { verifyQuote, type VerifyOptions } from './verify.ts';
export { createVerifierCache, type VerifierCache, type VerifierCacheLimits } from './verifier-cache.ts';
export type { VerificationOptions } from './verification.ts';
export { appraiseSnp, isVerifiedSnpEvidence, type VerifiedSnpEvidence } from './snp/appraise.ts';
export type { SnpDatedPart, SnpDates, SnpDocumentPart, SnpValidity } from './snp/dates.ts';
export { parseSnpCollateral, type SnpCollateral, type SnpEndorsements } from './snp/endorsements.ts';
export type { EndorsedKey } from './snp/extensions.ts';
export { amdKeyServiceUrls, type AmdKeyServiceUrls } from './snp/key-service.ts';
export type { SnpAbiVersion, SnpPolicy, SnpProtection } from './snp/policy.ts';
export type { SnpProduct, SnpTcb } from './snp/product.ts';
export type { SnpRefusalStatus } from './snp/refusal.ts';
export type { SnpCpuid, SnpGuestPolicy, SnpPlatformInfo, SnpReportFields, SnpSigningKey } from './snp/report.ts';
export { AMD_GENOA_ROOT, AMD_MILAN_ROOT, AMD_TURIN_ROOT, type SnpRoot } from './snp/roots.ts';
export { snpVerificationSteps, type SnpStepId } from './snp/steps.ts';
export type { SnpReportFacts, SnpVerdict, SnpVerdictFacts } from './snp/verdict.ts';
export { verifySnpReport, type SnpVerifyOptions } from './snp/verify.ts';
export {
  appraiseAzure,
  appraiseAzureMachine,
  isVerifiedAzureEvidence,
  type AppraiseAzureOptions,
  type NonceBinding,
  type VerifiedAzureEvidence,
  type VerifiedMachineEvidence,
} from './vtpm/appraise.ts';
export { isAzureDocument, parseAzureDocument, type AzureDocument } from './vtpm/document.ts';
export { parseAzurePolicy, type AzureMachinePolicy, type AzurePolicy } from './vtpm/policy.ts';
export type { AzureRefusalStatus } from './vtpm/refusal.ts';
export type { AzureVmConfiguration } from './vtpm/runtime-data.ts';
export { azureVerificationSteps, type AzureDocumentStepId, type AzureStepId } from './vtpm/steps.ts';
export type { TpmQuote, TpmQuoteFacts } from './vtpm/tpm-quote.ts';
export type { AzureVerdict, AzureVerdictFacts, HardwareFacts, TpmFacts } from './vtpm/verdict.ts';
export { verifyAzureSnp, verifyAzureTdx, type AzureEvidence, type AzureTdxOptions } from './vtpm/verify.ts';
