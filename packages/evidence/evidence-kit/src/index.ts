export {
  algorithmOf,
  issueCertificate,
  pssAlgorithm,
  publicKeyInfo,
  signatureAlgorithm,
  signedValue,
  type CertificateSpec,
} from './pki/certificate.ts';
export {
  added,
  authorityKeyIdentifier,
  basicConstraints,
  crlDistributionPoints,
  crlNumber,
  encodeExtensions,
  ExtensionId,
  keyIdentifier,
  keyUsage,
  replaced,
  standardExtensions,
  subjectKeyIdentifier,
  twice,
  withCritical,
  without,
  type Extension,
  type ExtensionsChange,
  type Usage,
} from './pki/extensions.ts';
export {
  keyRing,
  pointHex,
  processKeys,
  rsaKey,
  signRaw,
  type Curve,
  type KeyPair,
  type KeyRing,
  type RsaKeyPair,
} from './pki/keys.ts';
export { CommonName, distinguishedName, nameAttributes, NameType, type Name, type NameAttribute } from './pki/name.ts';
export { pem, pemCertificationData, pemChain } from './pki/pem.ts';
export { issueRevocationList, type RevocationListSpec, type RevokedEntry } from './pki/revocation-list.ts';
export { sgxExtension, type PckIdentity, type SgxEntry, type SgxExtensionChanges } from './pki/sgx-extension.ts';
export type { EnclaveIdentityJson } from './collateral/enclave-identity.ts';
export type { QuoteCollateralJson } from './collateral/quote-collateral.ts';
export { formatDate, pcsBody, signDocument, type SignedDocument } from './collateral/signed-document.ts';
export {
  components,
  tcbInfoVersion2,
  type ComponentTcbLevelJson,
  type ComponentTcbStatus,
  type PlatformTcbStatus,
  type TcbComponentJson,
  type TcbInfoJson,
  type TcbLevelJson,
  type TdxModuleIdentityJson,
  type TdxModuleJson,
} from './collateral/tcb-info.ts';
export { flipped } from './quote/bytes.ts';
export {
  encodeQuote,
  encodeQuoteHeader,
  intelQeVendorId,
  pckIdentifier,
  quoteSignedBytes,
  signQuote,
  type BodyDescriptor,
  type CertificationData,
  type QuoteContent,
  type QuoteHeader,
  type QuoteParts,
} from './quote/quote.ts';
export { encodeSgxReport, exampleSgxReport, type SgxReportBody } from './quote/sgx-report.ts';
export {
  encodeTdReport10,
  encodeTdReport15,
  encodeTdReport15Ex,
  exampleTdReport,
  type TdReport10,
  type TdReport15,
  type TdReport15Ex,
} from './quote/td-report.ts';
export type {
  CertificateChanges,
  ChainChange,
  LevelStatuses,
  ListChanges,
  Position,
  Role,
  ScenarioChanges,
  TdSvns,
} from './scenario/changes.ts';
export type { EvidenceSvns } from './scenario/evidence.ts';
export { evidenceKinds, hasCurrentSvn, type EvidenceKind, type KindFacts } from './scenario/kinds.ts';
export { peerEvidence } from './scenario/peer-evidence.ts';
export { scenario, type Scenario } from './scenario/scenario.ts';
export { evaluateScenario, expectedVerdict } from './scenario/expected.ts';
export { evaluateTcb, type Evaluation, type TcbFacts, type TcbOutcome } from './scenario/oracle.ts';
export {
  qvlName,
  type ComponentStatus,
  type DatedPart,
  type ExpirationStatus,
  type RefusalStatus,
  type TcbStatus,
} from './scenario/statuses.ts';
export { convergenceTable } from './tables/convergence.ts';
export type { RefusalScenario, RuleGroup } from './tables/refusal-scenario.ts';
export { refusalScenarios } from './tables/refusal-scenarios.ts';
export type { ExpectedVerdict } from './scenario/expected-verdict.ts';
export type { StatusScenario } from './tables/status-scenario.ts';
export { statusScenarios } from './tables/status-scenarios.ts';
export { AmdExtensionId, amdExtensions, type AmdKeyFacts } from './snp/amd-extensions.ts';
export { encodeSnpTcb, snpProducts, type ProductFacts, type SnpProduct, type SnpTcb } from './snp/product.ts';
export { encodeSnpReportBody, exampleSnpReport, signSnpReport, type SnpReportBody } from './snp/report.ts';
export {
  amdPki,
  amdPkiSpecs,
  type AmdPki,
  type AmdPkiChanges,
  type AmdPkiFacts,
  type AmdPkiSpecs,
  type SnpCertificateChanges,
  type SnpListChanges,
} from './snp/amd-pki.ts';
export { snpScenario, type SnpScenario, type SnpScenarioChanges } from './snp/snp-scenario.ts';
export {
  azureAttestationKey,
  azureJwk,
  azureReportData,
  azureSnpScenario,
  azureTdxScenario,
  exampleAzureNonce,
  exampleAzureRuntime,
  otherAzureKey,
  type AzureDocumentJson,
  type AzureRuntimeJson,
  type AzureScenarioChanges,
} from './azure/azure-scenario.ts';
export { encodeHclReport, encodeTdReportArea, type HclReportFields } from './azure/hcl-report.ts';
export { encodeTpmAttest, examplePcrs, signTpmAttest, type TpmAttestFields } from './azure/tpm-quote.ts';
export {
  attestedCertificate,
  attestedForms,
  attestedServerKey,
  azureVersionExtension,
  openEnclaveReport,
  reportDataOf,
  taggedClaims,
  taggedEvidence,
  wrappedMessage,
  type AttestedForm,
} from './attested/attested-certificate.ts';
export { oldAzureDocument } from './azure/old-document.ts';
export { snpReportJson } from './snp/report-json.ts';
export { certificateTable } from './snp/certificate-table.ts';
export {
  coseSign1,
  earClaims,
  earCborClaims,
  earProfile,
  encodeCbor,
  unsignedToken,
  type CborValue,
} from './tokens/attestation-result.ts';
