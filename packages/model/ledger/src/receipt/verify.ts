import { equalBytes, toHex } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { isEnclosError } from '@enclos/errors';
import { verifyNodeCertificate } from '../endorsement/certificate-chain.ts';
import { findServiceKey } from '../endorsement/cose-chain.ts';
import { readLedgerCertificate, type LedgerCertificate } from '../signature/certificate.ts';
import { verifyRootByService } from '../signature/cose-root.ts';
import { keyIdentifier, verifyRootByNode, type ProofTools } from '../signature/node-signature.ts';
import { malformed, unproven } from '../signature/refusal.ts';
import type { TransactionId } from '../write-set.ts';
import { readCoseReceipt, type CoseReceipt } from './cose-receipt.ts';
import { readJsonReceipt, type JsonReceipt } from './json-receipt.ts';
import { foldProof, leafOfComponents, transactionOfEvidence } from './proof.ts';

/** A receipt of either form, read and not verified. */
export type Receipt = ({ readonly form: 'json' } & JsonReceipt) | ({ readonly form: 'cose' } & CoseReceipt);

/** The first byte of a tagged COSE_Sign1: tag 18. */
const coseTag = 0xd2;

/**
 * Reads a receipt of either form. CCF tells them apart by the first byte.
 * @throws LEDGER_INVALID, and LEDGER_UNPROVEN as `readJsonReceipt`.
 */
export function readReceipt(bytes: Uint8Array): Receipt {
  if (bytes[0] === coseTag) return { form: 'cose', ...readCoseReceipt(bytes) };
  try {
    return { form: 'json', ...readJsonReceipt(decodeUtf8(bytes)) };
  } catch (error) {
    if (!isEnclosError(error, 'CODEC_INVALID')) throw error;
    return malformed('The file is neither a receipt in JSON nor one in COSE.');
  }
}

export interface ReceiptExpectation {
  /** Whom the caller trusts: certificates of the service. */
  readonly services: readonly LedgerCertificate[];
  /** 32 bytes. Default: any claims, which the result shows. */
  readonly claimsDigest?: Uint8Array;
  /** COSE endorsements of earlier identities, the newest first. Default: none. */
  readonly endorsements?: readonly Uint8Array[];
}

/** What a receipt proves: the service committed this transaction. */
export interface ProvenReceipt {
  /** As its evidence of commit names it. Receipts of signature transactions and early ones do not tell. */
  readonly transactionId?: TransactionId;
  /** Hex. */
  readonly root: string;
  /** SHA-256 of the entry, hex. None for a signature transaction. */
  readonly writeSetDigest?: string;
  /** Hex; zeros where the application set none. */
  readonly claimsDigest?: string;
  /** The signer of the root. */
  readonly signer:
    | { readonly kind: 'node'; readonly id: string; readonly certificate: LedgerCertificate }
    | { readonly kind: 'service'; readonly id: string; readonly signatureId: TransactionId };
  /** Whose certificate the caller gave. */
  readonly service: LedgerCertificate;
  /** How many recoveries lie between the identity that signed and the one that is trusted. */
  readonly endorsementSteps: number;
}

/**
 * Verifies a receipt to a certificate of the service that the caller trusts: the proof from the transaction to the root, the
 * signature over the root, the way from the signer to the service, and the claims.
 *
 * @throws LEDGER_UNPROVEN with the rule that is broken, or LEDGER_INVALID.
 * @example
 * const proven = await verifyReceipt(readReceipt(bytes), { services: [service] }, { digests: nodeDigests, subtle: webcrypto.subtle });
 */
export async function verifyReceipt(
  receipt: Receipt,
  expected: ReceiptExpectation,
  tools: ProofTools,
): Promise<ProvenReceipt> {
  return receipt.form === 'json' ? verifyJson(receipt, expected, tools) : verifyCoseForm(receipt, expected, tools);
}

async function verifyJson(
  { certificate, nodeId, signature, of, serviceEndorsements }: JsonReceipt,
  { services, claimsDigest }: ReceiptExpectation,
  tools: ProofTools,
): Promise<ProvenReceipt> {
  const node = readLedgerCertificate(certificate);
  if (keyIdentifier(node.key, tools.digests) !== nodeId) {
    return unproven('key', 'The receipt names another node than the one whose certificate it holds.');
  }
  const signed =
    of.kind === 'signature' ? { root: of.root } : foldProof(leafOfComponents(of.leaf, tools), of.proof, tools);
  const claims = of.kind === 'signature' ? undefined : of.leaf.claimsDigest;
  requireClaims(claims, claimsDigest);
  await verifyRootByNode(signed, signature, node.key, tools);
  const { service, earlier } = await verifyNodeCertificate(node, serviceEndorsements, services, tools);
  const evidence = of.kind === 'signature' ? undefined : of.leaf.commitEvidence;
  return {
    ...(evidence === undefined ? {} : { transactionId: transactionOfEvidence(evidence) }),
    root: toHex(signed.root),
    ...(of.kind === 'signature' ? {} : { writeSetDigest: toHex(of.leaf.writeSetDigest) }),
    ...(claims === undefined ? {} : { claimsDigest: toHex(claims) }),
    signer: { kind: 'node', id: nodeId, certificate: node },
    service,
    endorsementSteps: earlier.length,
  };
}

async function verifyCoseForm(
  { signature, proofs }: CoseReceipt,
  { services, claimsDigest, endorsements = [] }: ReceiptExpectation,
  tools: ProofTools,
): Promise<ProvenReceipt> {
  const [first, ...others] = proofs;
  if (first === undefined) return malformed('The COSE receipt holds no proof of inclusion.');
  if (others.length > 0) return malformed('The COSE receipt is for several transactions: verify each in its own.');
  requireClaims(first.leaf.claimsDigest, claimsDigest);
  const { root } = foldProof(leafOfComponents(first.leaf, tools), first.proof, tools);
  const transactionId = transactionOfEvidence(first.leaf.commitEvidence);
  if (transactionId.seqno >= signature.transactionId.seqno) {
    return unproven('transaction', 'The signature is over transactions before the one of the receipt.');
  }
  const { key, trusted, steps } = await findServiceKey(
    { kid: signature.message.kid, transactionId },
    services.map((service) => service.key),
    endorsements,
    tools,
  );
  await verifyRootByService(signature, root, key, tools);
  const service = services.find((candidate) => candidate.key === trusted);
  if (service === undefined) return unproven('certificate', 'No identity of the service is trusted.');
  return {
    transactionId,
    root: toHex(root),
    writeSetDigest: toHex(first.leaf.writeSetDigest),
    claimsDigest: toHex(first.leaf.claimsDigest),
    signer: { kind: 'service', id: keyIdentifier(key, tools.digests), signatureId: signature.transactionId },
    service,
    endorsementSteps: steps,
  };
}

function requireClaims(found: Uint8Array | undefined, expected: Uint8Array | undefined): void {
  if (expected !== undefined && (found === undefined || !equalBytes(found, expected))) {
    unproven('claims', 'The receipt is for other claims than were expected.');
  }
}
