import { utf8 } from '@enclos/codec';
import { ChunkSequence, type ChunkCut, type ChunkPlace, type ClosedChunk } from '../chunk/sequence.ts';
import type { LedgerDigests } from '../digests.ts';
import { commitEvidence, leafDigest } from '../entry/digests.ts';
import { EntryEncoder, noClaims } from '../entry/encode.ts';
import { entryFlags } from '../entry/frame.ts';
import type { LedgerSecrets } from '../secrets/ledger-secrets.ts';
import { MerkleTree } from '../tree/merkle-tree.ts';
import type { TransactionId, WriteSet } from '../write-set.ts';

export interface LedgerWriterOptions {
  readonly digests: LedgerDigests;
  readonly secrets: LedgerSecrets;
  /** The tree of what is written already. Default: that of a new ledger. */
  readonly tree?: MerkleTree;
  /** A chunk ends with the first signature after this many bytes. Default: 5 MB, as `ledger.chunk_size` of CCF. */
  readonly chunkBytes?: number;
  /** Whether the service is recovering: see `ChunkName`. */
  readonly recovery?: boolean;
}

/** A transaction to write. */
export interface LedgerTransaction {
  readonly view: number;
  readonly writes: WriteSet;
  readonly claimsDigest?: Uint8Array;
  /** Whether it is a signature, the only place where a chunk ends. */
  readonly isSignature?: boolean;
  /** A signature that ends its chunk, however small: governance asks for it, and so do snapshots. */
  readonly endsChunk?: boolean;
  /** Begins a chunk: the first transaction after a recovery. */
  readonly beginsChunk?: boolean;
}

/** A transaction as it was written. */
export interface WrittenEntry extends TransactionId {
  /** Header and body: the bytes of the file at `place`. Their memory holds other entries too, so they are not to be transferred. */
  readonly bytes: Uint8Array;
  readonly writeSetDigest: Uint8Array;
  /** Secret until the transaction is committed. */
  readonly commitEvidence: string;
  /** Its leaf in the tree. */
  readonly leaf: Uint8Array;
  readonly place: ChunkPlace;
  /** The chunk before, which this entry closed; it comes before the bytes. */
  readonly closedBefore?: ClosedChunk;
  /** Its own chunk, which ends with it; it comes after the bytes. */
  readonly closed?: ClosedChunk;
}

const defaultChunkBytes = 5_000_000;

/**
 * Writes a ledger: makes the entry of each transaction, appends its leaf to the tree, and says where in which file its bytes go.
 * It writes no file, and signs nothing: `root` is what a signature covers.
 *
 * @example const { bytes, place } = writer.append({ view: 2, writes: transaction.writeSet() });
 */
export class LedgerWriter {
  readonly tree: MerkleTree;
  readonly secrets: LedgerSecrets;
  readonly #digests: LedgerDigests;
  readonly #encoder = new EntryEncoder();
  readonly #chunks: ChunkSequence;
  readonly #chunkBytes: number;

  constructor({ digests, secrets, tree, chunkBytes, recovery = false }: LedgerWriterOptions) {
    this.#digests = digests;
    this.secrets = secrets;
    this.tree = tree ?? MerkleTree.begin(digests);
    this.#chunkBytes = chunkBytes ?? defaultChunkBytes;
    this.#chunks = new ChunkSequence({ recovery });
  }

  /** The last transaction; zero in a new ledger. */
  get seqno(): number {
    return this.tree.size - 1;
  }

  /** Writes the next transaction. */
  append(transaction: LedgerTransaction): WrittenEntry {
    const { view, writes, claimsDigest = noClaims, beginsChunk = false } = transaction;
    const seqno = this.seqno + 1;
    const secret = this.secrets.at(seqno);
    const evidence = commitEvidence(secret.commitKey, { view, seqno });
    const commitEvidenceDigest = this.#digests.sha256(utf8(evidence));
    const ends = this.#ends(transaction);
    const flags = (ends ? entryFlags.chunkAfter : 0) | (beginsChunk ? entryFlags.chunkBefore : 0);
    const bytes = this.#encoder.encode({ view, seqno, writes, flags, claimsDigest, commitEvidenceDigest }, secret.key);
    const writeSetDigest = this.#digests.sha256(bytes);
    const leaf = leafDigest(this.#digests, { writeSetDigest, commitEvidenceDigest, claimsDigest });
    const closedBefore = beginsChunk ? this.#chunks.close() : undefined;
    const place = this.#chunks.add(seqno, bytes.length);
    const closed = ends ? this.#chunks.close() : undefined;
    this.tree.append(leaf);
    return {
      view,
      seqno,
      bytes,
      writeSetDigest,
      commitEvidence: evidence,
      leaf,
      place,
      ...(closedBefore === undefined ? {} : { closedBefore }),
      ...(closed === undefined ? {} : { closed }),
    };
  }

  /** Everything up to `seqno` is committed. @returns the chunks to rename. */
  commit(seqno: number): readonly { readonly from: string; readonly to: string }[] {
    return this.#chunks.commit(seqno);
  }

  /** Goes back to `seqno`, which is not below what is committed. @throws LEDGER_FORGOTTEN where the tree is flushed above it. */
  retract(seqno: number): ChunkCut {
    this.tree.retract(seqno + 1);
    this.secrets.retract(seqno);
    return this.#chunks.retract(seqno);
  }

  #ends({ isSignature = false, endsChunk = false }: LedgerTransaction): boolean {
    return isSignature && (endsChunk || this.#chunks.size >= this.#chunkBytes);
  }
}
