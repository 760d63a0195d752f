import './errors.ts';

/** Receipts of an inference service. Runs in browsers and enclaves. */
export { claimForms, type ClaimForm, type ReceiptClaims, type ReceiptTee } from './claims.ts';
export { readReceipt, type Receipt, type ReceiptAlgorithm, type ReceiptForm } from './forms.ts';
export {
  inferenceReportData,
  readInferenceReport,
  replicaForm,
  replicaHeader,
  writeInferenceReport,
  type InferenceReport,
  type ReportedModel,
} from './report.ts';
export type { ReceiptRule } from './refusal.ts';
export {
  receiptKeyId,
  verifyReceipt,
  webReceiptVerifier,
  type ExpectedClaims,
  type ReceiptCrypto,
  type ReceiptVerifier,
  type SignedReceipt,
  type VerifiedReceipt,
  type VerifyReceiptOptions,
} from './verify.ts';
export { writeReceipt, type ReceiptSigner } from './write.ts';
