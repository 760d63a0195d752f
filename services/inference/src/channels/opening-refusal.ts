import { isEnclosError } from '@enclos/errors';
import { ehbp } from '@enclos/hpke';
import type { HttpResponse } from '@enclos/http';

/** Kinds of problems (RFC 9457) that clients act on: RFC 9458, sections 5.3 and 6.5.1. */
const staleKeyProblem = 'https://iana.org/assignments/http-problem-types#ohttp-key';
const dateProblem = 'https://iana.org/assignments/http-problem-types#date';

interface Problem {
  readonly status: number;
  readonly type: string;
}

const plain = 'about:blank';
const problems: ReadonlyMap<string, Problem> = new Map([
  ['HPKE_KEY_STALE', { status: 422, type: staleKeyProblem }],
  ['HPKE_DATE_REFUSED', { status: 400, type: dateProblem }],
  ['HPKE_REPLAYED', { status: 400, type: plain }],
  ['HPKE_OPEN_FAILED', { status: 400, type: plain }],
  ['HPKE_TRUNCATED', { status: 400, type: plain }],
  ['HPKE_MESSAGE_INVALID', { status: 400, type: plain }],
  ['HPKE_KEY_INVALID', { status: 400, type: plain }],
  ['HPKE_UNSUPPORTED', { status: 400, type: plain }],
  ['HPKE_LIMIT_EXCEEDED', { status: 413, type: plain }],
  ['HPKE_WINDOW_FULL', { status: 503, type: plain }],
  ['INFERENCE_REPLICA_LOST', { status: 503, type: plain }],
  ['HPKE_SESSION_GONE', { status: 410, type: plain }],
  ['OHTTP_MESSAGE_INVALID', { status: 400, type: plain }],
  ['OHTTP_TYPE_REFUSED', { status: 415, type: plain }],
]);

/**
 * The answer to a request that does not open, which is the only answer that is not sealed: it says nothing but which rule refused it.
 * @returns undefined for another error
 */
export function openingRefusal(error: unknown, isEhbpRequest: boolean): HttpResponse | undefined {
  const problem = isEnclosError(error) ? problems.get(error.code) : undefined;
  if (!isEnclosError(error) || problem === undefined) return undefined;
  const type = isEhbpRequest && error.code === 'HPKE_KEY_STALE' ? ehbp.keyProblem : problem.type;
  const retry: Readonly<Record<string, string>> = problem.status === 503 ? { 'retry-after': '5' } : {};
  return {
    status: problem.status,
    headers: { ...retry, 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: JSON.stringify({ type, title: error.code }),
  };
}
