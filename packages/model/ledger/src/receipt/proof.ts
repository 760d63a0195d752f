import { concatBytes, utf8 } from '@enclos/codec';
import { leafDigest } from '../entry/digests.ts';
import { readTransactionId } from '../signature/transaction-id.ts';
import type { ProofTools, SignedRoot } from '../signature/node-signature.ts';
import { malformed } from '../signature/refusal.ts';
import type { ProofStep } from '../tree/merkle-tree.ts';
import type { TransactionId } from '../write-set.ts';

/** A tree of 2^63 transactions is not deeper. */
export const maximumSteps = 64;
/** ccf-tree-alg.cddl. */
export const maximumEvidence = 1024;

/** What the leaf of a transaction is made of. Early transactions have no evidence of commit, or no claims. */
export interface LeafComponents {
  /** SHA-256 of the entry. */
  readonly writeSetDigest: Uint8Array;
  /** `ce:2.18:` and 32 bytes of hex, which the service shows only when the transaction is committed. */
  readonly commitEvidence?: string;
  /** 32 bytes: what the application wanted to be able to prove, or zeros. */
  readonly claimsDigest?: Uint8Array;
}

/** The leaf of a transaction. */
export function leafOfComponents(
  { writeSetDigest, commitEvidence, claimsDigest }: LeafComponents,
  { digests }: Pick<ProofTools, 'digests'>,
): Uint8Array {
  return leafDigest(digests, {
    writeSetDigest,
    commitEvidenceDigest: commitEvidence === undefined ? undefined : digests.sha256(utf8(commitEvidence)),
    claimsDigest,
  });
}

/** The root that a leaf and a proof give, with the two nodes beneath it. */
export function foldProof(
  leaf: Uint8Array,
  proof: readonly ProofStep[],
  { digests }: Pick<ProofTools, 'digests'>,
): SignedRoot {
  let root = leaf;
  let preimage: Uint8Array | undefined;
  for (const { side, digest } of proof) {
    preimage = side === 'left' ? concatBytes(digest, root) : concatBytes(root, digest);
    root = digests.sha256(preimage);
  }
  return preimage === undefined ? { root } : { root, preimage };
}

const evidenceForm = /^ce:(\d{1,16}\.\d{1,16}):[0-9a-f]{64}$/;

/** The transaction that its evidence of commit names. @throws LEDGER_INVALID */
export function transactionOfEvidence(commitEvidence: string): TransactionId {
  const [, id = ''] = evidenceForm.exec(commitEvidence) ?? [];
  if (id === '') return malformed('The evidence of commit does not have the form ce:2.18:… .');
  return readTransactionId(id);
}

/** @throws LEDGER_INVALID for a digest of another length. */
export function requireDigest(bytes: Uint8Array, what: string): Uint8Array {
  return bytes.length === 32 ? bytes : malformed(`${what} does not have 32 bytes.`);
}
