import { equalBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { commitEvidence, leafOf } from '../entry/digests.ts';
import { publicWrites, readEntry, type LedgerEntry } from '../entry/entry.ts';
import { writeCoseReceipt } from '../receipt/cose-receipt.ts';
import { writeJsonReceipt } from '../receipt/json-receipt.ts';
import type { LeafComponents } from '../receipt/proof.ts';
import { readCoseSignatureRecord } from '../signature/cose-root.ts';
import { readNodeSignature, type ProofTools } from '../signature/node-signature.ts';
import { MerkleTree } from '../tree/merkle-tree.ts';
import type { TransactionId, WriteSet } from '../write-set.ts';
import { readLedger } from './entries.ts';
import type { LedgerFile } from './files.ts';
import type { LedgerKeys } from './secrets.ts';
import { singleOf, tables } from './tables.ts';

export interface ReceiptRequest {
  readonly transactionId: TransactionId;
  readonly form: 'cose' | 'json';
  /** For the evidence of commit, which is a keyed digest of the ledger secret. */
  readonly keys?: LedgerKeys;
}

/** A receipt that was made, and not verified. */
export interface MadeReceipt {
  readonly bytes: Uint8Array;
  /** The transaction with the signature that it ends in. */
  readonly signatureId: TransactionId;
}

const names: ReadonlySet<string> = new Set([tables.signatures, tables.coseSignatures]);

/**
 * Makes the receipt of a transaction from a ledger, as a service does: with the first signature after it of the form that is
 * asked for. The ledger must be whole up to that signature. Verify what comes out: the files were not verified.
 *
 * @throws LEDGER_UNAVAILABLE where the transaction, a signature after it, or the ledger secret is missing; LEDGER_INVALID.
 * @example const { bytes } = await makeReceipt(files, { transactionId, form: 'json', keys }, tools);
 */
export async function makeReceipt(
  files: readonly LedgerFile[],
  request: ReceiptRequest,
  tools: ProofTools,
): Promise<MadeReceipt> {
  const { transactionId, form } = request;
  const tree = MerkleTree.begin(tools.digests);
  let found: LedgerEntry | undefined;
  for await (const { entry } of readLedger(files)) {
    if (entry.seqno !== tree.size) throw unavailable(`The files lack transaction ${tree.size}, which the proof needs.`);
    if (found !== undefined) {
      const writes = publicWrites(entry, names);
      const signature = singleOf(writes, form === 'json' ? tables.signatures : tables.coseSignatures);
      if (signature !== undefined) {
        const leaf = componentsOf(found, request, tools);
        const bytes = writeReceipt({ leaf, tree, seqno: found.seqno }, writes, form);
        return { bytes, signatureId: { view: entry.view, seqno: entry.seqno } };
      }
    }
    tree.append(leafOf(tools.digests, entry));
    if (entry.seqno !== transactionId.seqno) continue;
    if (entry.view !== transactionId.view) {
      throw unavailable(
        `Transaction ${entry.seqno} is of view ${entry.view}: ${transactionId.view}.${entry.seqno} is not.`,
      );
    }
    // The bytes of the piece that it came in may be used again.
    found = readEntry(entry.bytes.slice());
  }
  if (found === undefined) {
    throw unavailable(`The files do not hold the transaction: their last one has the seqno ${tree.size - 1}.`);
  }
  throw unavailable(
    `No ${form === 'json' ? 'signature of a node' : 'COSE signature'} follows the transaction in the files.`,
  );
}

interface ProvenLeaf {
  readonly leaf: LeafComponents;
  readonly tree: MerkleTree;
  readonly seqno: number;
}

function writeReceipt({ leaf, tree, seqno }: ProvenLeaf, writes: WriteSet, form: 'cose' | 'json'): Uint8Array {
  const proof = tree.proof(seqno);
  if (form === 'json') {
    const { signature, node, certificate } = readNodeSignature(singleOf(writes, tables.signatures) ?? new Uint8Array());
    if (certificate === undefined) throw unavailable('The signature does not hold the certificate of its node.');
    const of = { kind: 'transaction', leaf, proof } as const;
    return utf8(writeJsonReceipt({ signature, certificate, nodeId: node, of, serviceEndorsements: [] }));
  }
  const { writeSetDigest, commitEvidence: evidence, claimsDigest } = leaf;
  if (evidence === undefined || claimsDigest === undefined) {
    throw unavailable('The transaction has no evidence of commit or no claims, which a receipt in COSE must have.');
  }
  const message = readCoseSignatureRecord(singleOf(writes, tables.coseSignatures) ?? new Uint8Array());
  return writeCoseReceipt(message, [{ leaf: { writeSetDigest, commitEvidence: evidence, claimsDigest }, proof }]);
}

function componentsOf(entry: LedgerEntry, { keys }: ReceiptRequest, { digests }: ProofTools): LeafComponents {
  const { claimsDigest, commitEvidenceDigest } = entry;
  const writeSetDigest = digests.sha256(entry.bytes);
  const claims = claimsDigest === undefined ? {} : { claimsDigest };
  if (commitEvidenceDigest === undefined) {
    throw unavailable('The transaction has no evidence of commit, without which no receipt proves it.');
  }
  const known = keys?.(entry.seqno);
  if (known === undefined) {
    throw unavailable('A receipt holds the evidence of commit, which only the ledger secret gives.');
  }
  const evidence = commitEvidence(known.commit, entry);
  if (!equalBytes(digests.sha256(utf8(evidence)), commitEvidenceDigest)) {
    throw new EnclosError('LEDGER_SECRET_WRONG', 'The evidence of commit is not the one of this ledger secret.');
  }
  return { writeSetDigest, commitEvidence: evidence, ...claims };
}

function unavailable(message: string): EnclosError {
  return new EnclosError('LEDGER_UNAVAILABLE', message);
}
