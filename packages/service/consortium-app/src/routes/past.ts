import { utf8 } from '@enclos/codec';
import type { TransactionId } from '@enclos/ledger';
import type { HistoricalState, ScriptServices } from '../context.ts';
import type { AppAnswer } from '../contract/message.ts';
import { errorAnswer } from '../contract/odata.ts';

/** The header that names a transaction, of requests and of answers. */
export const transactionHeader = 'x-ms-ccf-transaction-id';

/** `2.18`; both numbers begin at 1. @returns undefined for another text (CCF, include/ccf/tx_id.h). */
export function parseTransactionId(text: string): TransactionId | undefined {
  const [, view, seqno] = /^(\d{1,16})\.(\d{1,16})$/.exec(text) ?? [];
  const id = { view: Number(view), seqno: Number(seqno) };
  return [id.view, id.seqno].every((number) => Number.isSafeInteger(number) && number > 0) ? id : undefined;
}

export function formatTransactionId({ view, seqno }: TransactionId): string {
  return `${view}.${seqno}`;
}

/** States are asked for by handles. Scripts name theirs from 0 on; this keeps those of the service apart. */
const handleOf = (seqno: number): number => -1 - seqno;
/** For so long a client may take to ask again. */
const keptSeconds = 60;

/**
 * The state that a transaction left, or the answer that says why it is not there yet or never will be (CCF,
 * src/node/historical_queries_adapter.cpp).
 *
 * @param peer who asks: reading it is counted as theirs.
 */
export function findPast(
  id: TransactionId | undefined,
  { ledger, historical }: Pick<ScriptServices, 'historical' | 'ledger'>,
  peer: () => string,
): HistoricalState | AppAnswer {
  if (id === undefined) {
    return errorAnswer(404, { code: 'TransactionInvalid', message: 'Could not extract Transaction Id' });
  }
  const status = ledger.status(id);
  const text = formatTransactionId(id);
  if (status !== 'Committed') {
    const message = `Only committed transactions can be queried. Transaction ${text} is ${status}`;
    if (status === 'Invalid') return errorAnswer(404, { code: 'TransactionInvalid', message });
    return errorAnswer(404, { code: 'TransactionPendingOrUnknown', message, headers: { 'cache-control': 'no-cache' } });
  }
  const past = historical?.forPeer === undefined ? historical : historical.forPeer(peer());
  const [state] = past?.stateRange(handleOf(id.seqno), id.seqno, id.seqno, keptSeconds) ?? [];
  return state ?? notYet(text);
}

function notYet(id: string): AppAnswer {
  return {
    status: 202,
    headers: new Map([
      ['content-type', 'text/plain'],
      ['retry-after', '3'],
    ]),
    body: utf8(`Historical transaction ${id} is not currently available.`),
  };
}

/** Whether it is the state, and not the answer that takes its place. */
export function isState(found: HistoricalState | AppAnswer): found is HistoricalState {
  return 'begin' in found;
}
