export { evidenceExtensions, type EvidenceExtension } from './evidence-extensions.ts';
export { extensionIds, valuesOfForm, type ExtensionForm } from './extension-ids.ts';
export {
  decodeOpenEnclaveEvidence,
  isVersionNumber,
  quoteOfReportExtension,
  withoutOctetString,
  type ReportExtension,
} from './open-enclave.ts';
export { beginsLikeQuote } from './quote-start.ts';
