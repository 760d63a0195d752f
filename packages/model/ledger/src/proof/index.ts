/**
 * What ledgers of CCF prove: signatures, receipts and endorsements, read, written and verified; snapshots; and the verifier of whole
 * ledgers. Runs in browsers and enclaves.
 */
import '../errors.ts';
export { verifyNodeCertificate, type NodeEndorsement } from '../endorsement/certificate-chain.ts';
export { findServiceKey, type ServiceEndorsement, type SignedTransaction } from '../endorsement/cose-chain.ts';
export {
  readCoseEndorsement,
  readEndorsementFile,
  readEndorsementRecord,
  writeEndorsementFile,
  writeEndorsementRecord,
  type CoseEndorsement,
  type EndorsementRecord,
} from '../endorsement/cose-endorsement.ts';
export { readCoseReceipt, writeCoseReceipt, type CoseReceipt, type InclusionProof } from '../receipt/cose-receipt.ts';
export { readJsonReceipt, writeJsonReceipt, type JsonReceipt } from '../receipt/json-receipt.ts';
export { foldProof, leafOfComponents, type LeafComponents } from '../receipt/proof.ts';
export {
  readReceipt,
  verifyReceipt,
  type ProvenReceipt,
  type Receipt,
  type ReceiptExpectation,
} from '../receipt/verify.ts';
export { isIssuedBy, readLedgerCertificate, type LedgerCertificate } from '../signature/certificate.ts';
export {
  coseRootHeader,
  readCoseRootSignature,
  readCoseSignatureRecord,
  verifyRootByService,
  writeCoseSignatureRecord,
  type CoseRootHeader,
  type CoseRootSignature,
} from '../signature/cose-root.ts';
export { readEcdsaKey, type EcdsaHash, type EcdsaKey } from '../signature/ecdsa.ts';
export {
  keyIdentifier,
  readNodeSignature,
  verifyRootByNode,
  writeNodeSignature,
  type NodeSignature,
  type ProofTools,
  type SignedRoot,
} from '../signature/node-signature.ts';
export type { ProofRule } from '../signature/refusal.ts';
export { readTransactionId, writeTransactionId } from '../signature/transaction-id.ts';
export { readLedger, type PlacedEntry } from '../verify/entries.ts';
export type { LedgerFile } from '../verify/files.ts';
export { readGovernanceMessage, readGovernanceRecord, type GovernanceMessage } from '../verify/governance.ts';
export { verifyLedger, type LedgerExpectation, type LedgerProgress } from '../verify/ledger.ts';
export type {
  LedgerPlace,
  LedgerProblem,
  LedgerReport,
  LedgerRule,
  ServiceIdentity,
  SnapshotFinding,
} from '../verify/report.ts';
export { signedRootOf } from '../verify/signed-root.ts';
export { singleOf, tables } from '../verify/tables.ts';
export { keysOf, type LedgerKeys, type TransactionKeys } from '../verify/secrets.ts';
export { verifySnapshot, type ProvenSnapshot } from '../verify/snapshots.ts';
export { recoverLedgerSecrets, type RecoveryKeys } from '../verify/recover.ts';
export { makeReceipt, type MadeReceipt, type ReceiptRequest } from '../verify/make-receipt.ts';
