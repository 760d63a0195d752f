import type { HttpRequest, HttpResponse } from '@enclos/http';
import { auditLine, type AuditOutcome } from '../audit/audit-line.ts';
import { anonymous, type Principal } from '../auth/identity.ts';
import type { RouteMetrics } from '../metrics/route-counters.ts';
import { Refusal } from '../refusal.ts';
import { errorAnswerOf, type ErrorAnswer, type ErrorNames } from '../routes/error-answer.ts';
import type { FoundRoute, RouteTable } from '../routes/route-table.ts';
import type { Answer, Route } from '../routes/route.ts';
import { clientOf, type Site } from './site.ts';

export interface ApiOptions<S extends Site, R extends Route<S>> {
  readonly table: RouteTable<R>;
  /** The site that a request is for. @throws SERVICE_NOT_FOUND */
  readonly siteOf: (request: HttpRequest) => S;
  /** What is asked of every request on a route before its caller is known, such as a version. @throws a Refusal */
  readonly check?: (request: HttpRequest, route: R) => void;
  /** How errors are answered. */
  readonly errors: ErrorNames;
  /** Takes a line of the audit log. When it throws, the caller gets an error and no answer. */
  readonly audit: (line: string) => Promise<void>;
  /** Members of explanations that the audit log tells beside `who`, `rule` and `reason`. */
  readonly audited?: readonly string[];
  /** Headers of every answer, beside those of this API. */
  readonly headers?: (request: HttpRequest, id: string) => Readonly<Record<string, string>>;
  readonly metrics: RouteMetrics;
  /** The clock of the host: nothing that only time protects is safe from the host. */
  readonly now: () => Date;
  /** Milliseconds since any point, for durations: never goes back. */
  readonly elapsed: () => number;
  /** A new random identifier of a request, such as a UUID. */
  readonly requestId: () => string;
  /** Hears of every fault, with its cause. */
  readonly onFault?: (error: unknown) => void;
}

/** What is known of a request so far, for log and counters. */
interface Trace<S, R> {
  readonly id: string;
  site: S | undefined;
  found: FoundRoute<R> | undefined;
  who: Principal;
}

/**
 * A REST API over a table of routes, as a server inside an enclave takes it (it is an `HttpHandler` there too): finds the site
 * of a request and its route, lets the caller in, answers, and writes the line of the audit log before the answer goes
 * out. The handler never rejects: what is not a `Refusal` is answered without its text.
 */
export function createApi<S extends Site, R extends Route<S>>(
  options: ApiOptions<S, R>,
): (request: HttpRequest) => Promise<HttpResponse> {
  return async (request) => {
    const startedAt = options.elapsed();
    const trace: Trace<S, R> = { id: options.requestId(), site: undefined, found: undefined, who: anonymous };
    let answer: Answer | ErrorAnswer;
    try {
      const answering = answerRequest(request, options, trace);
      // Not awaited when it is there: one turn of the queue of promises less for routes that need none.
      answer = answering instanceof Promise ? await answering : answering;
    } catch (error) {
      answer = told(options, error);
    }
    if (isAudited(trace, answer)) {
      try {
        await writeAudit(options, trace, answer);
      } catch (error) {
        // If the audit line cannot be written, the caller gets an error.
        answer = told(options, error);
      }
    }
    const outcome = isError(answer) ? answer.name : 'ok';
    options.metrics.answered(trace.found?.route.operation ?? 'none', outcome, (options.elapsed() - startedAt) / 1000);
    return respond(request, { options, trace, answer });
  };
}

/** @throws, or rejects with, what the caller is told of. */
function answerRequest<S extends Site, R extends Route<S>>(
  request: HttpRequest,
  { table, siteOf, check }: ApiOptions<S, R>,
  trace: Trace<S, R>,
): Promise<Answer> | Answer {
  const site = siteOf(request);
  site.calls.take(clientOf(request));
  const found = findRoute(table, request);
  trace.site = site;
  trace.found = found;
  const { route, parameters } = found;
  check?.(request, route);
  const admitted = site.admit(request, route);
  if (typeof admitted === 'string') {
    trace.who = admitted;
    return route.answer({ request, site, parameters });
  }
  return admitted.then((who) => {
    trace.who = who;
    return route.answer({ request, site, parameters });
  });
}

function findRoute<R>(table: RouteTable<R>, { path, method }: HttpRequest): FoundRoute<R> {
  const methods = table.at(path);
  if (methods === undefined) throw new Refusal('SERVICE_NOT_FOUND', 'There is nothing at this path.');
  const found = methods.get(method);
  if (found !== undefined) return found;
  const allow = [...methods.keys()].join(', ');
  throw new Refusal('SERVICE_METHOD_NOT_ALLOWED', `This path takes ${allow}.`, { details: { allow } });
}

/** Open routes are not logged, nor is a flood that a rate limit keeps out. */
function isAudited<S extends Site, R extends Route<S>>(
  { site, found }: Trace<S, R>,
  answer: Answer | ErrorAnswer,
): boolean {
  if (site === undefined || found === undefined || found.route.needs === 'nothing') return false;
  return !isError(answer) || answer.status !== 429;
}

async function writeAudit<S extends Site, R extends Route<S>>(
  { audit, audited, now }: ApiOptions<S, R>,
  { site, found, id, who }: Trace<S, R>,
  answer: Answer | ErrorAnswer,
): Promise<void> {
  if (site === undefined || found === undefined) return;
  const call = { time: now(), tenant: site.tenant, call: found.route.operation, parameters: found.choices };
  await audit(auditLine({ ...call, requestId: id, who }, outcomeFor(answer), audited));
}

function outcomeFor(answer: Answer | ErrorAnswer): AuditOutcome {
  if (!isError(answer)) return { outcome: 'ok', facts: answer.facts };
  const { status, name, explanation } = answer;
  // 501 is what the service says of itself, and not a failure of it.
  return { outcome: status >= 500 && status !== 501 ? 'failed' : 'refused', error: name, explanation };
}

/** The error as the caller is told of it. */
function told<S extends Site, R extends Route<S>>({ onFault, errors }: ApiOptions<S, R>, error: unknown): ErrorAnswer {
  const answer = errorAnswerOf(error, errors);
  if (answer.isFault) onFault?.(error);
  return answer;
}

function isError(answer: Answer | ErrorAnswer): answer is ErrorAnswer {
  return 'isFault' in answer;
}

interface Response<S extends Site, R extends Route<S>> {
  readonly options: ApiOptions<S, R>;
  readonly trace: Trace<S, R>;
  readonly answer: Answer | ErrorAnswer;
}

function respond<S extends Site, R extends Route<S>>(
  request: HttpRequest,
  { options, trace, answer }: Response<S, R>,
): HttpResponse {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...options.headers?.(request, trace.id),
  };
  if (!isError(answer)) {
    const type = answer.contentType === undefined ? {} : { 'content-type': answer.contentType };
    return { status: 200, headers: { ...headers, ...type }, body: JSON.stringify(answer.body) };
  }
  const { status, name: code, message, explanation } = answer;
  const explained = trace.site?.explains === true && explanation !== undefined;
  const error = { code, message, ...(explained ? { details: explanation } : {}) };
  return { status, headers: { ...headers, ...answer.headers }, body: JSON.stringify({ error }) };
}
