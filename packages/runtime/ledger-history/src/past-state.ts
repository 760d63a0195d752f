import { EnclosError } from '@enclos/errors';
import type { KvTransaction } from '@enclos/kv';
import type { LedgerEntry, MerkleTree, TransactionId, WriteSet } from '@enclos/ledger';
import { writeCoseReceipt, writeJsonReceipt, type LeafComponents, type NodeSignature } from '@enclos/ledger/proof';
import { beginPast } from './past-tables.ts';
import type { HistoricalState, ReceiptJson } from './view.ts';

/** A signature transaction that was verified, with the tree that it signed. */
export interface VerifiedSignature {
  readonly id: TransactionId;
  readonly tree: MerkleTree;
  /** Absent where the service signs by COSE alone. */
  readonly byNode?: NodeSignature & { readonly certificate: string };
  /** The COSE message; absent where nodes alone sign. */
  readonly byService?: Uint8Array;
  /** PEM certificates from the service that signed to the one of now: none where it is the same. */
  readonly endorsements: readonly string[];
}

/** An entry that its signature covers, or a signature itself. */
export interface VerifiedEntry {
  readonly entry: LedgerEntry;
  readonly writes: WriteSet;
  readonly leaf: LeafComponents;
}

/** Beside the bytes of its entry: objects, and its part of the tree. */
const stateBytes = 1024;
/** What the objects of one row take: a row may have fewer bytes than these by far. */
const rowBytes = 288;

/** What the rows of a transaction hold beside the bytes of its entry, about. */
export function bytesOfRows(writes: WriteSet): number {
  return writes.reduce((sum, { writes: written, removes }) => sum + (written.length + removes.length) * rowBytes, 0);
}

/** A transaction of the past, of which receipts and store are made when they are asked for. */
export class PastState implements HistoricalState {
  readonly id: TransactionId;
  readonly #of: VerifiedEntry;
  readonly #signature: VerifiedSignature;

  constructor(of: VerifiedEntry, signature: VerifiedSignature) {
    this.id = { view: of.entry.view, seqno: of.entry.seqno };
    this.#of = of;
    this.#signature = signature;
  }

  /** What it holds, about. */
  get heldBytes(): number {
    return this.#of.entry.bytes.length + bytesOfRows(this.#of.writes) + stateBytes;
  }

  /** @throws LEDGER_UNAVAILABLE where no node signed: there is only the receipt in COSE. */
  get receipt(): ReceiptJson {
    const { byNode, tree, endorsements } = this.#signature;
    if (byNode === undefined) {
      throw new EnclosError('LEDGER_UNAVAILABLE', 'The service signs by COSE alone: there is no receipt in JSON.');
    }
    const { signature, certificate, node } = byNode;
    const of = this.#isSignature()
      ? ({ kind: 'signature', root: byNode.root } as const)
      : ({ kind: 'transaction', leaf: this.#of.leaf, proof: tree.proof(this.id.seqno) } as const);
    return JSON.parse(
      writeJsonReceipt({ signature, certificate, nodeId: node, of, serviceEndorsements: endorsements }),
    ) as ReceiptJson;
  }

  begin(checkTime?: () => void): KvTransaction {
    return beginPast(this.id.seqno, this.#of.writes, checkTime);
  }

  #isSignature(): boolean {
    return this.#signature.id.seqno === this.id.seqno;
  }
}

/** A transaction that a signature of the service covers. */
class PastStateInCose extends PastState {
  readonly #cover: ServiceCover;

  constructor(of: VerifiedEntry, signature: VerifiedSignature, cover: ServiceCover) {
    super(of, signature);
    this.#cover = cover;
  }

  get coseReceipt(): Uint8Array {
    const { message, leaf, tree } = this.#cover;
    return writeCoseReceipt(message, [{ leaf, proof: tree.proof(this.id.seqno) }]);
  }
}

interface ServiceCover {
  /** COSE_Sign1. */
  readonly message: Uint8Array;
  readonly leaf: Required<LeafComponents>;
  readonly tree: MerkleTree;
}

/** The state that an entry left, with the receipts that its signature can give: none in COSE of a signature itself. */
export function pastState(of: VerifiedEntry, signature: VerifiedSignature): PastState {
  const { byService, tree, id } = signature;
  const { writeSetDigest, commitEvidence, claimsDigest } = of.leaf;
  if (
    byService === undefined ||
    commitEvidence === undefined ||
    claimsDigest === undefined ||
    id.seqno === of.entry.seqno
  ) {
    return new PastState(of, signature);
  }
  const leaf = { writeSetDigest, commitEvidence, claimsDigest };
  return new PastStateInCose(of, signature, { message: byService, leaf, tree });
}
