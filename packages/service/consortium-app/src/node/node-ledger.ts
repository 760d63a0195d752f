import { randomBytes, sign } from 'node:crypto';
import { coseSigningInput, writeCoseSign1 } from '@enclos/cose';
import {
  LedgerSecret,
  LedgerSecrets,
  LedgerWriter,
  noClaims,
  serialiseTree,
  type MerkleTree,
  type TransactionId,
  type WriteSet,
  type WrittenEntry,
} from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
import { coseRootHeader, foldProof, writeCoseSignatureRecord, writeNodeSignature } from '@enclos/ledger/proof';
import { singletonKey } from '../bundle/rows.ts';
import type { LedgerView } from '../context.ts';
import type { ServiceIdentity } from './identity.ts';

/** A transaction as the ledger holds it. */
export interface KeptEntry {
  readonly writeSet: WriteSet;
  readonly leaf: {
    readonly writeSetDigest: Uint8Array;
    readonly commitEvidence: string;
    readonly claimsDigest: Uint8Array;
  };
  /** What signed the root, where this is a signature transaction. */
  readonly signature?: LedgerSignature;
}

/** Both signatures over the root of all transactions before one. */
export interface LedgerSignature {
  readonly seqno: number;
  readonly root: Uint8Array;
  /** By the node, over the root as the digest itself. DER. */
  readonly byNode: Uint8Array;
  /** By the service: COSE_Sign1 with the root detached. */
  readonly byService: Uint8Array;
}

/** What keeps a ledger in files. */
export interface LedgerSink {
  /** Takes each entry, in order. What it throws undoes the transaction. */
  write(entry: WrittenEntry): void;
  /** Files to rename, since all that they hold is committed. */
  committed(files: readonly { readonly from: string; readonly to: string }[]): void;
}

export interface NodeLedgerOptions {
  readonly identity: ServiceIdentity;
  readonly sink?: LedgerSink;
  /** In milliseconds since 1970. */
  readonly now?: () => number;
  /** Transactions whose bytes of receipts are kept. Default: 65,536. */
  readonly kept?: number;
  /** Default: a new secret. */
  readonly secrets?: LedgerSecrets;
}

const tables = Object.freeze({
  signature: 'public:ccf.internal.signatures',
  cose: 'public:ccf.internal.cose_signatures',
  tree: 'public:ccf.internal.tree',
});
/** As the sandbox of CCF has them in its configuration. */
const claims = Object.freeze({ issuer: 'service.example.com', subject: 'ledger.signature' });

/**
 * The ledger of the only node of a service: it encodes transactions, signs roots as CCF does in its mode Dual, and knows what is
 * committed: what a signature of both covers. Everything is in memory but for what the sink keeps.
 */
export class NodeLedger implements LedgerView {
  /** CCF begins in view 2. */
  readonly view = 2;
  readonly identity: ServiceIdentity;
  readonly #writer: LedgerWriter;
  readonly #entries = new Map<number, KeptEntry>();
  readonly #signatures: number[] = [];
  readonly #sink: LedgerSink | undefined;
  readonly #now: () => number;
  readonly #kept: number;
  #committed = 0;
  #retainedFrom = 1;

  constructor({ identity, sink, now = Date.now, kept = 65_536, secrets = newSecrets() }: NodeLedgerOptions) {
    this.#writer = new LedgerWriter({ digests: nodeDigests, secrets });
    this.identity = identity;
    this.#sink = sink;
    this.#now = now;
    this.#kept = kept;
  }

  get tree(): MerkleTree {
    return this.#writer.tree;
  }

  /** The seqno of the last transaction. */
  get last(): number {
    return this.tree.size - 1;
  }

  /** How many transactions no signature covers. */
  get unsigned(): number {
    return this.last - this.#committed;
  }

  lastCommitted(): TransactionId {
    return { view: this.#committed === 0 ? 0 : this.view, seqno: this.#committed };
  }

  /** As CCF judges an identifier (include/ccf/tx_status.h). */
  status({ view, seqno }: TransactionId): 'Committed' | 'Invalid' | 'Pending' | 'Unknown' {
    if (seqno <= this.#committed) return view === this.view ? 'Committed' : 'Invalid';
    if (view === this.view && seqno <= this.last) return 'Pending';
    return view < this.lastCommitted().view ? 'Invalid' : 'Unknown';
  }

  viewOf(seqno: number): number | undefined {
    return seqno >= 1 && seqno <= this.last ? this.view : undefined;
  }

  firstSeqnos(): readonly number[] {
    return [1, 1];
  }

  /** A transaction that was kept. */
  entry(seqno: number): KeptEntry | undefined {
    return this.#entries.get(seqno);
  }

  /** The first signature over a transaction. */
  signatureOver(seqno: number): LedgerSignature | undefined {
    // A signature covers what is before it; one of its own transaction is what it is asked for.
    const at = this.#signatures.find((signed) => signed >= seqno);
    return at === undefined ? undefined : this.#entries.get(at)?.signature;
  }

  /** Appends the next transaction. */
  append(writeSet: WriteSet, claimsDigest: Uint8Array = noClaims): TransactionId {
    return this.#append(writeSet, claimsDigest, undefined);
  }

  /** What the next transaction must write to sign all before it. */
  sign(): { readonly writeSet: WriteSet; readonly signature: LedgerSignature } {
    const { service, node } = this.identity;
    const { tree, view } = this;
    const seqno = tree.size;
    const root = tree.root();
    const transactionId = { view, seqno };
    // Node has no ECDSA over a digest; but the digest is SHA-256 of the two nodes beneath the root.
    const { preimage } = foldProof(tree.leaf(seqno - 1), tree.proof(seqno - 1), { digests: nodeDigests });
    const byNode = new Uint8Array(sign('sha256', preimage ?? new Uint8Array(), node.privateKey));
    const issuedAt = Math.floor(this.#now() / 1000);
    const tools = { digests: nodeDigests };
    const protectedBytes = coseRootHeader({ transactionId, ...claims, issuedAt }, service.publicKey, tools);
    const input = coseSigningInput({ protectedBytes }, { detachedPayload: root });
    const key = { key: service.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const byService = writeCoseSign1({ protectedBytes, signature: new Uint8Array(sign('sha384', input, key)) });
    const record = { transactionId, node: node.id, root, signature: byNode, certificate: node.certificate };
    const values = new Map<string, Uint8Array>([
      [tables.cose, writeCoseSignatureRecord(byService)],
      [tables.signature, writeNodeSignature(record)],
      [tables.tree, serialiseTree(tree, this.#retainedFrom)],
    ]);
    const writeSet = Array.from(values, ([name, value]) => ({
      name,
      readVersion: 0,
      writes: [[singletonKey, value] as const],
      removes: [],
    }));
    return { writeSet, signature: { seqno, root, byNode, byService } };
  }

  /**
   * Appends a signature that `sign` made, right after it did: everything up to it is committed.
   * @param endsChunk whether the file of the ledger ends with it, however small.
   */
  appendSignature({ writeSet, signature }: ReturnType<NodeLedger['sign']>, endsChunk = false): TransactionId {
    const id = this.#append(writeSet, noClaims, { signature, endsChunk });
    this.#retainedFrom = signature.seqno;
    this.#signatures.push(id.seqno);
    this.#committed = id.seqno;
    this.#sink?.committed(this.#writer.commit(id.seqno));
    return id;
  }

  #append(
    writes: WriteSet,
    claimsDigest: Uint8Array,
    signed: { readonly signature: LedgerSignature; readonly endsChunk: boolean } | undefined,
  ): TransactionId {
    const { endsChunk = false } = signed ?? {};
    const written = this.#writer.append({
      view: this.view,
      writes,
      claimsDigest,
      isSignature: signed !== undefined,
      endsChunk,
    });
    const { seqno, writeSetDigest, commitEvidence } = written;
    try {
      this.#sink?.write(written);
    } catch (error) {
      this.#writer.retract(seqno - 1);
      throw error;
    }
    const leaf = { writeSetDigest, commitEvidence, claimsDigest };
    this.#entries.set(seqno, {
      writeSet: writes,
      leaf,
      ...(signed === undefined ? {} : { signature: signed.signature }),
    });
    this.#entries.delete(seqno - this.#kept);
    return { view: this.view, seqno };
  }
}

const newSecrets = (): LedgerSecrets =>
  LedgerSecrets.begin(new LedgerSecret(nodeDigests, new Uint8Array(randomBytes(32))));
