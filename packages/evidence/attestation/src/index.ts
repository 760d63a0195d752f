import './errors.ts';
export {
  appraise,
  isVerifiedEvidence,
  type SgxEvidence,
  type TdxEvidence,
  type VerifiedEvidence,
} from './appraisal/appraise.ts';
export {
  boundReportData,
  unbound,
  type Binding,
  type ReportDataBinding,
  type ReportDataInputs,
  type UnboundBinding,
} from './appraisal/binding.ts';
export { checkCollateral, type CheckCollateralOptions, type CheckedCollateral } from './dcap/collateral-check.ts';
export type { CollateralDates, DatedPart, DateRange, DocumentPart } from './dcap/collateral-dates.ts';
export type { Endorsements, QuoteCollateral } from './dcap/collateral.ts';
export { parseCollateral } from './dcap/endorsements.ts';
export type {
  AcceptableStatus,
  AdvisoryRule,
  DurationsMs,
  RuntimeMeasurementRule,
  SgxPolicy,
  TdxPolicy,
} from './policy/policy.ts';
export { parsePolicy, type AppraisalPolicy, type ParsedPolicy } from './policy/parse-policy.ts';
export type { RefusalStatus } from './refusal/refusal.ts';
export type { SgxReportFacts, TdPartitionFacts, TdReportFacts } from './dcap/report-facts.ts';
export { INTEL_SGX_ROOT, softwareRoot, type TrustedRoot } from './dcap/roots.ts';
export type { PckPlatform, PlatformConfiguration } from './dcap/tcb/sgx-extension.ts';
export type { Subtle } from './crypto/web-crypto.ts';
export { splitSignedBody } from './dcap/tcb/signed-body.ts';
export { verificationSteps, type StepId, type VerificationStep } from './refusal/steps.ts';
export { azureStepResults, snpStepResults, stepResults, type StepResult } from './results/step-results.ts';
export type { Shortfall } from './dcap/tcb/shortfall.ts';
export type { TcbEvaluation } from './dcap/tcb/tcb-evaluation.ts';
export type { EnclaveStatus, QuoteStatus } from './dcap/tcb/tcb-status.ts';
export type { QuoteVerdict, SgxVerdict, TdxVerdict } from './dcap/verdict.ts';
export { validityOf, type PartOutOfForce, type Validity } from './results/validity.ts';
export { verifyQuote, type VerifyOptions } from './dcap/verify.ts';
export { createVerifierCache, type VerifierCache, type VerifierCacheLimits } from './dcap/verifier-cache.ts';
export type { VerificationOptions } from './dcap/verification.ts';
export { appraiseSnp, isVerifiedSnpEvidence, type VerifiedSnpEvidence } from './appraisal/appraise-snp.ts';
export type { SnpDatedPart, SnpDates, SnpDocumentPart, SnpValidity } from './snp/dates.ts';
export { parseSnpCollateral, type SnpCollateral, type SnpEndorsements } from './snp/endorsements.ts';
export type { EndorsedKey } from './snp/extensions.ts';
export { amdKeyServiceUrls, type AmdKeyServiceUrls } from './snp/key-service.ts';
export type { SnpAbiVersion, SnpPolicy, SnpProtection } from './policy/snp-policy.ts';
export { decodeTcb, productOfCpuid, type SnpProduct, type SnpTcb } from './snp/product.ts';
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
} from './appraisal/appraise-azure.ts';
export { isAzureDocument, parseAzureDocument, type AzureDocument } from './vtpm/document.ts';
export { parseAzurePolicy, type AzureMachinePolicy, type AzurePolicy } from './policy/azure-policy.ts';
export type { AzureRefusalStatus } from './vtpm/refusal.ts';
export type { AzureVmConfiguration } from './vtpm/runtime-data.ts';
export { azureVerificationSteps, type AzureDocumentStepId, type AzureStepId } from './vtpm/steps.ts';
export type { TpmQuote, TpmQuoteFacts } from './vtpm/tpm-quote.ts';
export type { AzureVerdict, AzureVerdictFacts, HardwareFacts, TpmFacts } from './vtpm/verdict.ts';
export { verifyAzureSnp, verifyAzureTdx, type AzureEvidence, type AzureTdxOptions } from './vtpm/verify.ts';
