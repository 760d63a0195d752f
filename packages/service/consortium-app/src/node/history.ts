import { toBase64, toHex } from '@enclos/codec';
import { beginPast } from '@enclos/ledger-history';
import { writeCoseReceipt } from '@enclos/ledger/proof';
import type { HistoricalState, HistoricalView, ReceiptJson } from '../context.ts';
import type { KeptEntry, LedgerSignature, NodeLedger } from './node-ledger.ts';

/** The most that one range may hold. CCF bounds the bytes of its cache instead. */
const maximumRange = 10_000;

/** The past of a ledger in memory, with receipts. It is there at once, so no handle keeps anything. */
export class NodeHistory implements HistoricalView {
  readonly #ledger: NodeLedger;

  constructor(ledger: NodeLedger) {
    this.#ledger = ledger;
  }

  stateRange(_handle: number, first: number, last: number): readonly HistoricalState[] | undefined {
    if (last > this.#ledger.lastCommitted().seqno || last - first >= maximumRange) return undefined;
    const states: HistoricalState[] = [];
    for (let seqno = Math.max(first, 1); seqno <= last; seqno++) {
      const state = this.#state(seqno);
      if (state === undefined) return undefined;
      states.push(state);
    }
    return states;
  }

  dropCachedStates(): boolean {
    return false;
  }

  #state(seqno: number): HistoricalState | undefined {
    const entry = this.#ledger.entry(seqno);
    const signature = this.#ledger.signatureOver(seqno);
    if (entry === undefined || signature === undefined) return undefined;
    return {
      id: { view: this.#ledger.view, seqno },
      begin: (checkTime) => beginPast(seqno, entry.writeSet, checkTime),
      ...this.#receipts(entry, seqno, signature),
    };
  }

  #receipts(
    { leaf }: KeptEntry,
    seqno: number,
    signature: LedgerSignature,
  ): Pick<HistoricalState, 'coseReceipt' | 'receipt'> {
    const { node } = this.#ledger.identity;
    const signed = { cert: node.certificate, node_id: node.id, signature: toBase64(signature.byNode) };
    if (signature.seqno === seqno) return { receipt: { ...signed, leaf: toHex(signature.root), proof: [] } };
    const proof = this.#ledger.tree.proof(seqno, signature.seqno);
    const receipt: ReceiptJson = {
      ...signed,
      leaf_components: {
        claims_digest: toHex(leaf.claimsDigest),
        commit_evidence: leaf.commitEvidence,
        write_set_digest: toHex(leaf.writeSetDigest),
      },
      proof: proof.map(({ side, digest }) => ({ [side]: toHex(digest) })),
    };
    return { receipt, coseReceipt: writeCoseReceipt(signature.byService, [{ leaf, proof }]) };
  }
}
