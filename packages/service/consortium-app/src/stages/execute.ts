import { isEnclosError } from '@enclos/errors';
import type { KvTransaction } from '@enclos/kv';
import { appMaps, singletonKey, type EndpointRow } from '../bundle/rows.ts';
import type { EndpointProperties } from '../bundle/properties.ts';
import type { AppFoundation, HistoricalState } from '../context.ts';
import { endOfHandler, type HandlerEnd } from '../contract/handler-end.ts';
import type { AppAnswer, AppRequest } from '../contract/message.ts';
import { errorAnswer } from '../contract/odata.ts';
import type { ScriptRequest } from '../session/request.ts';
import { scriptRequest } from '../contract/script-request.ts';
import { authenticate } from '../identity/authenticate.ts';
import { peerOfRequest } from '../identity/peer.ts';
import { findPast, isState, parseTransactionId, transactionHeader } from '../routes/past.ts';
import type { RouteMatch } from '../routes/router.ts';
import type { BuiltInHandler } from '../routes/built-in.ts';
import type { AppLoader, LoadedApp } from './loaded-app.ts';

/** What came of a request before its transaction was committed. */
export interface Execution {
  readonly answer: AppAnswer;
  /** Whether the transaction is to be committed; its identifier then goes with the answer. */
  readonly applies: boolean;
  readonly claimsDigest?: Uint8Array | undefined;
  /** Whether the answer waits until the transaction is committed. */
  readonly waits: boolean;
}

/** What requests are executed with. */
export interface Executor {
  readonly loader: AppLoader;
  readonly foundation: AppFoundation;
  /** Since 1970. */
  readonly now: () => number;
}

/** Executes one request in a transaction, which it neither commits nor ends. */
export function executeRequest(executor: Executor, request: AppRequest, transaction: KvTransaction): Execution {
  const app = executor.loader.load(transaction);
  // The transaction depends on the application that it runs.
  transaction.map(appMaps.flush).get(singletonKey);
  const path = withoutPrefix(request.path);
  const match = app.router.find(request.method, path);
  switch (match.kind) {
    case 'app':
      return executeEndpoint({ executor, app, request, transaction }, match);
    case 'built-in': {
      const { foundation: services } = executor;
      return answered(match.handler({ request, transaction, services, rows: app.rows }));
    }
    default:
      return { answer: refusalOf(match, request.method, path), applies: false, waits: false };
  }
}

/** Endpoints are there with `/app` and without. */
function withoutPrefix(path: string): string {
  return path.startsWith('/app/') ? path.slice(4) : path;
}

function answered(answer: AppAnswer): Execution {
  return { answer, applies: answer.status < 300, waits: false };
}

type Refusal = Exclude<RouteMatch<BuiltInHandler>, { readonly kind: 'app' | 'built-in' }>;

function refusalOf(match: Refusal, method: string, path: string): AppAnswer {
  if (match.kind === 'unknown') {
    return errorAnswer(404, { code: 'ResourceNotFound', message: `Unknown path: ${path}.` });
  }
  if (match.kind === 'ambiguous') {
    const message = [`Multiple potential matches for path: ${path}`, ...match.templates].join('\n  ');
    return errorAnswer(500, { code: 'InternalError', message });
  }
  const allow = match.allowed.join(', ');
  if (method === 'OPTIONS') return { status: 204, headers: new Map([['allow', allow]]), body: new Uint8Array() };
  const message = `Allowed methods for '${path}' are: ${allow}.`;
  return errorAnswer(405, { code: 'UnsupportedHttpVerb', message, headers: { allow } });
}

interface Running {
  readonly executor: Executor;
  readonly app: LoadedApp;
  readonly request: AppRequest;
  readonly transaction: KvTransaction;
}

type AppMatch = Extract<RouteMatch<BuiltInHandler>, { readonly kind: 'app' }>;

function executeEndpoint(running: Running, { row, params }: AppMatch): Execution {
  const { executor, request, transaction } = running;
  const { properties } = row;
  if ('problem' in properties) {
    return refused(errorAnswer(500, { code: 'InternalError', message: properties.problem }));
  }
  const nowSeconds = Math.floor(executor.now() / 1000);
  const identity = authenticate(properties.policies, { request, transaction, nowSeconds });
  if ('status' in identity) return refused(identity);
  let past: HistoricalState | undefined;
  if (properties.mode === 'historical') {
    const id = parseTransactionId(request.headers.get(transactionHeader) ?? '');
    const found = findPast(id, executor.foundation, () => peerOfRequest(request, transaction));
    if (!isState(found)) return answered(found);
    past = found;
  }
  const routed = scriptRequest({ request, template: row.path, params, caller: identity.caller });
  const end = runHandler(running, { row, properties, routed, past, content: identity.content });
  return {
    answer: end.answer,
    applies: end.applies,
    claimsDigest: end.claimsDigest,
    waits: end.applies && properties.answersWhenCommitted,
  };
}

function refused(answer: AppAnswer): Execution {
  return { answer, applies: false, waits: false };
}

interface HandlerRun {
  readonly row: EndpointRow;
  readonly properties: EndpointProperties;
  readonly routed: ScriptRequest;
  readonly past: HistoricalState | undefined;
  readonly content: Uint8Array | undefined;
}

function runHandler({ executor, app, request, transaction }: Running, run: HandlerRun): HandlerEnd {
  const { row, properties, routed, past, content } = run;
  const { log } = executor.foundation;
  const handler = { module: properties.module, name: properties.function };
  const input = {
    transaction,
    historicalState: past,
    effects: undefined,
    requestBody: request.body,
    callerContent: content,
    peer: () => peerOfRequest(request, transaction),
  };
  let end: HandlerEnd | undefined;
  try {
    app.pool.use(properties.mode === 'readwrite' ? 'readwrite' : 'readonly', properties.reuseKey, (interpreter) => {
      const startedMs = performance.now();
      const outcome = interpreter.handle(handler, routed, input, app.options);
      end = endOfHandler(outcome, app.options);
      if (interpreter.logsMetrics) {
        const { status } = end.answer;
        const tookMs = Math.floor(performance.now() - startedMs);
        const where = `Method=${row.verb}, Path=/app${row.path}, Status=${status}, ExecMilliseconds=${tookMs}`;
        log?.('info', `JS execution complete: ${where}`);
      }
      return outcome.outcome.kind === 'returned';
    });
  } catch (error) {
    if (!isEnclosError(error, 'SCRIPT_INVALID')) throw error;
    end = notLoaded(error.message, app.options.returnsExceptions);
  }
  end ??= notLoaded('The handler did not end.', false);
  if (end.problem !== undefined && app.options.logsExceptions) {
    log?.('error', `${row.verb} ${row.path}: ${end.problem}`);
  }
  return end;
}

function notLoaded(problem: string, isShown: boolean): HandlerEnd {
  const details = isShown ? { details: [{ code: 'JSException', message: problem }] as const } : {};
  const answer = errorAnswer(500, { code: 'InternalError', message: 'Exception thrown while executing.', ...details });
  return { answer, applies: false, claimsDigest: undefined, problem };
}
