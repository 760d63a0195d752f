import type { KvTransaction } from '@enclos/kv';
import type { ScriptServices } from '../context.ts';
import type { AppAnswer, AppRequest } from '../contract/message.ts';
import { refuseType } from '../contract/accept.ts';
import { errorAnswer, jsonAnswer } from '../contract/odata.ts';
import { parseQuery } from '../contract/query.ts';
import type { EndpointRow } from '../bundle/rows.ts';
import { peerOfRequest } from '../identity/peer.ts';
import { openApiDocument } from '../openapi/document.ts';
import { findPast, formatTransactionId, isState, parseTransactionId } from './past.ts';
import type { BuiltInRoutes } from './router.ts';

/** What the endpoints of the service answer from. */
export interface BuiltInContext {
  readonly request: AppRequest;
  readonly transaction: KvTransaction;
  readonly services: ScriptServices;
  readonly rows: readonly EndpointRow[];
}

export type BuiltInHandler = (context: BuiltInContext) => AppAnswer;

const idMember = 'transaction_id';

/** The endpoints that each service has beside those of its application (CCF, src/endpoints/common_endpoint_registry.cpp). */
export const builtInRoutes: BuiltInRoutes<BuiltInHandler> = new Map([
  ['/api', { GET: ({ rows }: BuiltInContext) => jsonAnswer(openApiDocument(rows)) }],
  ['/commit', { GET: asJson(answerCommit) }],
  ['/tx', { GET: asJson(answerStatus) }],
  ['/receipt', { GET: asJson(answerReceipt) }],
  ['/receipt/cose', { GET: answerCoseReceipt }],
]);

/** Where a handler has something in JSON for the client, the client must take JSON. */
function asJson(handler: BuiltInHandler): BuiltInHandler {
  return (context) => {
    const answer = handler(context);
    return (answer.status === 200 ? refuseType(context.request.headers.get('accept')) : undefined) ?? answer;
  };
}

function invalid(message: string): AppAnswer {
  return errorAnswer(400, { code: 'InvalidQueryParameterValue', message });
}

function answerCommit({ request, services: { ledger } }: BuiltInContext): AppAnswer {
  const last = ledger.lastCommitted();
  const members = parseQuery(request.query);
  const whole = members.get('view_history');
  const since = members.get('view_history_since');
  if (whole !== undefined && whole !== 'true' && whole !== 'false') {
    return invalid('Invalid value for view_history, must be one of [true, false] when present');
  }
  let first = whole === 'true' ? 1 : undefined;
  if (since !== undefined) {
    if (!/^\d{1,15}$/.test(since)) {
      return invalid(`Unable to parse value '${since}' in parameter 'view_history_since'`);
    }
    first = Number(since);
    const message = 'Invalid value for view_history_since, must be in range [1, current_term]';
    if (first < 1) return invalid(message);
    if (first > last.view) return errorAnswer(404, { code: 'InvalidQueryParameterValue', message });
  }
  const starts = ledger.firstSeqnos?.() ?? [];
  const history = starts.map((seqno, index) => formatTransactionId({ view: index + 1, seqno }));
  const shown = first === undefined ? {} : { view_history: history.slice(first - 1) };
  return jsonAnswer({ transaction_id: formatTransactionId(last), ...shown });
}

function answerStatus({ request, services: { ledger } }: BuiltInContext): AppAnswer {
  const text = parseQuery(request.query).get(idMember);
  if (text === undefined) return invalid(`No value specified for parameter '${idMember}'`);
  const id = parseTransactionId(text);
  if (id === undefined) {
    return invalid(
      `The value '${text}' passed as query parameter '${idMember}' could not be converted to a valid Transaction ID.`,
    );
  }
  return jsonAnswer({ status: ledger.status(id), transaction_id: formatTransactionId(id) });
}

function answerReceipt(context: BuiltInContext): AppAnswer {
  const found = findAsked(context);
  if (!isState(found)) return found;
  const { cert, leaf, leaf_components, node_id, proof, service_endorsements, signature } = found.receipt;
  const of = leaf_components === undefined ? { leaf } : { leaf_components };
  return jsonAnswer({ cert, ...of, node_id, proof, service_endorsements, signature });
}

function answerCoseReceipt(context: BuiltInContext): AppAnswer {
  const found = findAsked(context);
  if (!isState(found)) return found;
  if (found.coseReceipt === undefined) {
    const message = `No COSE receipt is available for transaction ${formatTransactionId(found.id)}.`;
    return errorAnswer(404, { code: 'ResourceNotFound', message });
  }
  return { status: 200, headers: new Map([['content-type', 'application/cose']]), body: found.coseReceipt };
}

function findAsked({ request, services, transaction }: BuiltInContext): ReturnType<typeof findPast> {
  const text = parseQuery(request.query).get(idMember);
  const id = text === undefined ? undefined : parseTransactionId(text);
  return findPast(id, services, () => peerOfRequest(request, transaction));
}
