import { toHex, utf8 } from '@enclos/codec';
import { digestBytes, type KeyedHash, type LedgerDigests } from '../digests.ts';
import type { TransactionId } from '../write-set.ts';
import type { LedgerEntry } from './entry.ts';

/** What the leaf of a transaction is the digest of. */
export interface LeafParts {
  /** SHA-256 of the whole entry. */
  readonly writeSetDigest: Uint8Array;
  /** SHA-256 of the commit evidence; of types 3 and 4. */
  readonly commitEvidenceDigest?: Uint8Array | undefined;
  /** In entries of types 2 and 4. */
  readonly claimsDigest?: Uint8Array | undefined;
}

/** Where the parts of a leaf come together. It is filled and hashed in one step, so that one is enough. */
const scratch = new Uint8Array(3 * digestBytes);
const twoParts = scratch.subarray(0, 2 * digestBytes);

/** The leaf of a transaction in the Merkle tree (CCF, src/node/history.h). 32 bytes. */
export function leafDigest(digests: LedgerDigests, parts: LeafParts): Uint8Array {
  const { writeSetDigest, commitEvidenceDigest, claimsDigest } = parts;
  const second = commitEvidenceDigest ?? claimsDigest;
  if (second === undefined) return writeSetDigest;
  scratch.set(writeSetDigest);
  scratch.set(second, digestBytes);
  if (commitEvidenceDigest === undefined || claimsDigest === undefined) return digests.sha256(twoParts);
  scratch.set(claimsDigest, 2 * digestBytes);
  return digests.sha256(scratch);
}

/** The leaf of an entry in the Merkle tree. 32 bytes. */
export function leafOf(digests: LedgerDigests, entry: LedgerEntry): Uint8Array {
  const { commitEvidenceDigest, claimsDigest } = entry;
  return leafDigest(digests, { writeSetDigest: digests.sha256(entry.bytes), commitEvidenceDigest, claimsDigest });
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
