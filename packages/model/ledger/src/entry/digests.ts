import { concatBytes, toHex, utf8 } from '@enclos/codec';
import type { KeyedHash, LedgerDigests } from '../digests.ts';
import type { TransactionId } from '../write-set.ts';
import type { LedgerEntry } from './entry.ts';

/** What the leaf of a transaction is the digest of. */
export interface LeafParts {
  /** SHA-256 of the whole entry. */
  readonly writeSetDigest: Uint8Array;
  /** SHA-256 of the commit evidence; of types 3 and 4. */
  readonly commitEvidenceDigest?: Uint8Array;
  /** Of types 2 and 4. */
  readonly claimsDigest?: Uint8Array;
}

/** The leaf of a transaction in the Merkle tree (CCF, src/node/history.h). 32 bytes. */
export function leafDigest(digests: LedgerDigests, parts: LeafParts): Uint8Array {
  const { writeSetDigest, commitEvidenceDigest, claimsDigest } = parts;
  if (commitEvidenceDigest === undefined && claimsDigest === undefined) return writeSetDigest;
  const rest = [commitEvidenceDigest, claimsDigest].filter((part) => part !== undefined);
  return digests.sha256(concatBytes(writeSetDigest, ...rest));
}

/** The leaf of an entry in the Merkle tree. 32 bytes. */
export function leafOf(digests: LedgerDigests, entry: LedgerEntry): Uint8Array {
  return leafDigest(digests, {
    writeSetDigest: digests.sha256(entry.bytes),
    ...(entry.commitEvidenceDigest === undefined ? {} : { commitEvidenceDigest: entry.commitEvidenceDigest }),
    ...(entry.claimsDigest === undefined ? {} : { claimsDigest: entry.claimsDigest }),
  });
}

/**
 * The text that proves that a transaction was committed, since a service tells it only then: `ce:2.18:<hex>`.
 *
 * @param commitKey The keyed hash of `commitKeyOf` for the ledger secret of the transaction.
 */
export function commitEvidence(commitKey: KeyedHash, { view, seqno }: TransactionId): string {
  const id = `${view}.${seqno}`;
  return `ce:${id}:${toHex(commitKey(utf8(id)))}`;
}

/**
 * The key of commit evidence, of a ledger secret. CCF takes the first 8 bytes of its label alone, the size of a pointer
 * (src/node/ledger_secret.h); so do all ledgers.
 */
export function commitKeyOf(digests: LedgerDigests, ledgerSecret: Uint8Array): KeyedHash {
  return digests.hmacSha256(digests.hmacSha256(ledgerSecret)(utf8('Commit S')));
}
