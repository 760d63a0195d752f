import type { Extension } from '../../session/extension.ts';
import { needCount } from '../../session/values.ts';

/** What this node knows of the ledger. */
export const consensus: Extension = {
  prelude: `
ccf.consensus = {
  getLastCommittedTxId: function getLastCommittedTxId() {
    count(arguments.length, 0, 0);
    return parse(host.consensusLastCommitted());
  },
  getStatusForTxId: function getStatusForTxId(view, seqno) {
    count(arguments.length, 2, 2);
    const wantedView = toInteger(view), wanted = toInteger(seqno);
    if (wantedView < 0 || wanted < 0) throw new RangeFailure('Invalid view or seqno: cannot be negative');
    return host.consensusStatus(wantedView, wanted);
  },
  getViewForSeqno: function getViewForSeqno(seqno) {
    count(arguments.length, 1, 1);
    const wanted = toInteger(seqno);
    if (wanted < 0) throw new RangeFailure('Invalid seqno: cannot be negative');
    return host.consensusViewOf(wanted);
  },
};
`,
  host: ({ services }) => ({
    consensusLastCommitted: () => {
      const { view, seqno } = services.ledger.lastCommitted();
      return JSON.stringify({ view, seqno });
    },
    consensusStatus: (view, seqno) => services.ledger.status({ view: needCount(view), seqno: needCount(seqno) }),
    consensusViewOf: (seqno) => services.ledger.viewOf(needCount(seqno)) ?? null,
  }),
};
