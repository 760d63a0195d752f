import { equalBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import type { LedgerCertificate } from '../signature/certificate.ts';
import type { ProofTools } from '../signature/node-signature.ts';
import type { Findings, SnapshotFinding } from './report.ts';
import { parseSnapshotName } from '../snapshot/names.ts';
import { readSnapshot } from '../snapshot/snapshot.ts';
import { isOfEvidence, verifySnapshot } from './snapshots.ts';
import type { TransactionVerifier } from './transactions.ts';

/** What the check of a snapshot needs. */
export interface SnapshotScene {
  readonly verifier: TransactionVerifier;
  readonly services: readonly LedgerCertificate[];
  readonly findings: Findings;
  readonly tools: ProofTools;
}

/** Checks a snapshot against the ledger that was read, and its receipt. */
export async function checkSnapshot(
  { name, bytes }: { readonly name: string; readonly bytes: Uint8Array },
  { verifier, services, findings, tools }: SnapshotScene,
): Promise<SnapshotFinding> {
  const { network, leaves, lastSigned } = verifier;
  const { evidence } = verifier.records;
  const place = { file: name };
  const named = parseSnapshotName(name);
  let finding: SnapshotFinding = { file: name, seqno: named?.seqno ?? 0, proven: false, evidenceSeen: false };
  try {
    const parts = readSnapshot(bytes);
    finding = { ...finding, seqno: parts.seqno };
    if (named !== undefined && named.seqno !== parts.seqno) {
      findings.problem(
        'snapshot',
        place,
        `The snapshot is of transaction ${parts.seqno}, and its name says ${named.seqno}.`,
      );
    }
    const leaf = leaves.get(parts.seqno);
    if (leaf !== undefined && !equalBytes(leaf, parts.leaf)) {
      findings.problem('snapshot', place, 'The snapshot is of another ledger: its last transaction is another one.');
    }
    const seen = named === undefined ? undefined : evidence.get(named.evidenceSeqno);
    if (seen !== undefined) {
      if (isOfEvidence(parts, seen, tools)) finding = { ...finding, evidenceSeen: true };
      else findings.problem('snapshot', place, 'The digest of the snapshot is not the one in the ledger.');
    }
    if (parts.receipt.length === 0) {
      findings.note(`${name} holds no receipt.`);
      return finding;
    }
    // An identity that no signature covers may be anyone's.
    const covered = lastSigned?.id.seqno ?? 0;
    const known = network.identities.filter(({ since }) => since.seqno < covered).map(({ certificate }) => certificate);
    await verifySnapshot(bytes, { services: [...services, ...known] }, tools);
    return { ...finding, proven: true };
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    findings.problem('snapshot', place, error.message);
    return finding;
  }
}
