import { ByteReader, equalBytes, fromHex } from '@enclos/codec';
import { hex, integer, JsonRecord, parseJsonBytes } from '@enclos/codec/json';
import { entrySize, readFrame } from '../entry/frame.ts';
import { readReceipt, verifyReceipt, type ProvenReceipt, type ReceiptExpectation } from '../receipt/verify.ts';
import type { ProofTools } from '../signature/node-signature.ts';
import { malformed, unproven } from '../signature/refusal.ts';
import { within } from '../within.ts';

const nameForm = /^snapshot_(\d{1,15})_(\d{1,15})(\.committed)?$/;
const snapshotType = 1;

/** What the name of a snapshot says. */
export interface SnapshotName {
  /** The last transaction in it. */
  readonly seqno: number;
  /** The transaction that holds its digest. */
  readonly evidenceSeqno: number;
  readonly committed: boolean;
}

/** Undefined for the name of another file. */
export function parseSnapshotName(name: string): SnapshotName | undefined {
  const [, seqno, evidence, committed] = nameForm.exec(name) ?? [];
  if (seqno === undefined || evidence === undefined) return undefined;
  return { seqno: Number(seqno), evidenceSeqno: Number(evidence), committed: committed !== undefined };
}

/** A snapshot, taken apart and not verified. */
export interface SnapshotParts {
  readonly seqno: number;
  /** The leaf of its last transaction in the Merkle tree. 32 bytes. */
  readonly leaf: Uint8Array;
  /** The entry: what the digest is of. */
  readonly entry: Uint8Array;
  /** The receipt of the transaction with its digest, in JSON or COSE; none while that is not committed. */
  readonly receipt?: Uint8Array;
}

/** @throws LEDGER_INVALID */
export function readSnapshotParts(bytes: Uint8Array): SnapshotParts {
  return within('The snapshot', () => {
    if (bytes.length < 8) return malformed('The snapshot has fewer than 8 bytes.');
    const size = entrySize(bytes);
    if (size > bytes.length) return malformed('The snapshot is shorter than its header says.');
    const entry = bytes.subarray(0, size);
    const reader = new ByteReader(readFrame(entry).publicDomain);
    if (reader.u8() !== snapshotType) return malformed('The entry is that of a transaction, not of a snapshot.');
    const seqno = reader.safeU64();
    reader.safeU64();
    if (reader.safeU64() !== 32) return malformed('The leaf in the snapshot does not have 32 bytes.');
    const leaf = reader.view(32);
    return { seqno, leaf, entry, ...(size === bytes.length ? {} : { receipt: bytes.subarray(size) }) };
  });
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
): Promise<ProvenReceipt & { readonly seqno: number }> {
  const { seqno, entry, receipt } = readSnapshotParts(bytes);
  if (receipt === undefined) return unproven('signature', 'The snapshot holds no receipt: nothing proves it yet.');
  const claimsDigest = tools.digests.sha256(entry);
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
export function isOfEvidence(
  { entry, seqno }: SnapshotParts,
  evidence: SnapshotEvidence,
  { digests }: ProofTools,
): boolean {
  return evidence.seqno === seqno && equalBytes(evidence.digest, digests.sha256(entry));
}
