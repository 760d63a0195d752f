import { equalBytes, utf8 } from '@enclos/codec';
import type { GcmKey, KeyedHash } from '../digests.ts';
import { commitEvidence } from '../entry/digests.ts';
import { privateWrites, type LedgerEntry } from '../entry/entry.ts';
import type { LedgerSecrets } from '../secrets/ledger-secrets.ts';
import type { ProofTools } from '../signature/node-signature.ts';
import type { WriteSet } from '../write-set.ts';

/** The keys of one transaction's private part and evidence of commit. */
export interface TransactionKeys {
  readonly cipher: GcmKey;
  readonly commit: KeyedHash;
}

/** The keys that the secrets of a ledger give. */
export function keysOf(secrets: LedgerSecrets): LedgerKeys {
  const [first = 1] = secrets.versions;
  return (seqno) => {
    if (seqno < first) return undefined;
    const { key, commitKey } = secrets.at(seqno);
    return { cipher: key, commit: commitKey };
  };
}

/** The keys of a transaction; undefined where the caller does not know the ledger secret of its time. */
export type LedgerKeys = (seqno: number) => TransactionKeys | undefined;

/**
 * Opens the private part of a transaction, whose tag covers the public part too, and checks its evidence of commit.
 *
 * @returns undefined where the evidence is another one.
 * @throws LEDGER_SECRET_WRONG
 */
export function openPrivatePart(
  entry: LedgerEntry,
  keys: TransactionKeys,
  { digests }: ProofTools,
): WriteSet | undefined {
  const writes = privateWrites(entry, keys.cipher);
  const { commitEvidenceDigest } = entry;
  if (commitEvidenceDigest === undefined) return writes;
  const evidence = digests.sha256(utf8(commitEvidence(keys.commit, entry)));
  return equalBytes(evidence, commitEvidenceDigest) ? writes : undefined;
}
