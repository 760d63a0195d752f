import { equalBytes, fromHex } from '@enclos/codec';
import { hex, integer, JsonRecord, parseJsonBytes } from '@enclos/codec/json';
import { readReceipt, verifyReceipt, type ProvenReceipt, type ReceiptExpectation } from '../receipt/verify.ts';
import type { ProofTools } from '../signature/node-signature.ts';
import { unproven } from '../signature/refusal.ts';
import { readSnapshot, type Snapshot } from '../snapshot/snapshot.ts';
import { within } from '../within.ts';

/** What a snapshot proves: the service committed the state after one transaction. */
export interface ProvenSnapshot extends ProvenReceipt {
  /** The last transaction in it. */
  readonly seqno: number;
}

/**
 * Verifies a snapshot by the receipt that it holds: the service committed a transaction with its digest.
 *
 * @throws LEDGER_UNPROVEN, also for a snapshot without a receipt; LEDGER_INVALID.
 * @example await verifySnapshot(bytes, { services: [service] }, tools);
 */
export async function verifySnapshot(
  bytes: Uint8Array,
  expected: Omit<ReceiptExpectation, 'claimsDigest'>,
  tools: ProofTools,
): Promise<ProvenSnapshot> {
  const { seqno, entry, receipt } = readSnapshot(bytes);
  if (receipt.length === 0) return unproven('signature', 'The snapshot holds no receipt: nothing proves it yet.');
  const claimsDigest = tools.digests.sha256(entry.bytes);
  const proven = await verifyReceipt(readReceipt(receipt), { ...expected, claimsDigest }, tools);
  return { ...proven, seqno };
}

/** A record of `public:ccf.internal.snapshot_evidence`. */
export interface SnapshotEvidence {
  /** SHA-256 of the snapshot's entry. */
  readonly digest: Uint8Array;
  /** The last transaction in the snapshot. */
  readonly seqno: number;
}

/** @throws LEDGER_INVALID */
export function readSnapshotEvidence(value: Uint8Array): SnapshotEvidence {
  return within('The evidence of a snapshot', () => {
    const record = new JsonRecord(parseJsonBytes(value, 4096), 'evidence');
    return {
      digest: fromHex(record.required('hash', hex(32))),
      seqno: record.required('version', integer(0, Number.MAX_SAFE_INTEGER)),
    };
  });
}

/** Whether a snapshot is the one of its evidence. */
export function isOfEvidence({ entry, seqno }: Snapshot, evidence: SnapshotEvidence, { digests }: ProofTools): boolean {
  return evidence.seqno === seqno && equalBytes(evidence.digest, digests.sha256(entry.bytes));
}
