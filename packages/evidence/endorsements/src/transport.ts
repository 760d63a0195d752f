import { boundedBody, underDeadline, untilAborted } from '@enclos/bounded';
import { EnclosError, isEnclosError, type ErrorCode } from '@enclos/errors';
import { maximumAnswerBytes, type Answer } from './answer.ts';
import { refuseAnswer } from './refusal.ts';
import type { Route } from './source.ts';

/** Sends one request. It must not follow redirects: the request says so. */
export type Network = (request: Request) => Promise<Response>;

export interface TransportOptions {
  /** Default: the global `fetch`. */
  readonly network?: Network;
  /** For the whole of one answer. Default: 15 s. */
  readonly timeoutMs?: number;
  /** Requests for one item, the first included. Default: 3. */
  readonly attempts?: number;
  /** The longest wait that a service may ask for; for a longer one the request fails at once. Default: 30 s. */
  readonly maxRetryAfterMs?: number;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly now?: () => Date;
}

const mostRedirects = 3;
const firstPauseMs = 500;

/**
 * Asks for an item until there is an answer that is one. Only 429 and 5xx are
 * asked again, and no redirect leads to another origin.
 *
 * @throws ENDORSEMENTS_UNREACHABLE, ENDORSEMENTS_SOURCE_FAILED, ENDORSEMENTS_SOURCE_REFUSED, ENDORSEMENTS_NOT_FOUND,
 *   ENDORSEMENTS_WITHDRAWN, ENDORSEMENTS_ANSWER_INVALID
 */
export async function send(item: string, route: Route, options: TransportOptions): Promise<Answer> {
  const { attempts = 3, maxRetryAfterMs = 30_000, sleep = wait, now = () => new Date() } = options;
  for (let attempt = 1; ; attempt += 1) {
    const { status, headers, body } = await follow(item, route, options);
    if (status === 200) return { header: (name) => headers.get(name) ?? undefined, body };
    const asked = retryAfterMs(headers.get('retry-after'), now());
    const failure = failureOf(item, route.url, { status, headers, asked });
    const pause = asked ?? firstPauseMs * 2 ** (attempt - 1);
    if (failure.code !== 'ENDORSEMENTS_SOURCE_FAILED' || attempt >= attempts || pause > maxRetryAfterMs) throw failure;
    await sleep(pause);
  }
}

interface ReceivedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

function follow(item: string, route: Route, options: TransportOptions): Promise<ReceivedAnswer> {
  return underDeadline(options.timeoutMs ?? 15_000, async (signal) => {
    let { url } = route;
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const received = await exchange(item, { ...route, url }, { ...options, signal });
      const next = redirectOf(item, url, received);
      if (next === undefined) return received;
      url = next;
    }
    return refuseAnswer(item, 'it is redirected again and again');
  });
}

/** One request and its answer. Whatever the network function does, it does not take longer than the signal allows. */
async function exchange(
  item: string,
  { url, headers = {}, form }: Route,
  { network = (request) => fetch(request), signal }: TransportOptions & { readonly signal: AbortSignal },
): Promise<ReceivedAnswer> {
  try {
    const request = new Request(url.href, { headers, redirect: 'manual', signal });
    const response = await untilAborted(signal, network(request));
    const maxBytes = response.status === 200 ? maximumAnswerBytes[form] : 0;
    const body = await boundedBody(response, maxBytes, signal);
    if (body === undefined) return refuseAnswer(item, `the answer has more than ${maxBytes} bytes`);
    return { status: response.status, headers: response.headers, body };
  } catch (cause) {
    if (isEnclosError(cause)) throw cause;
    throw new EnclosError('ENDORSEMENTS_UNREACHABLE', `${url.origin} cannot be reached: ${reasonOf(cause)}.`, {
      details: { item, source: url.origin },
      cause,
    });
  }
}

function redirectOf(item: string, from: URL, { status, headers }: ReceivedAnswer): URL | undefined {
  // 0: a browser, which shows nothing of a redirect that it does not follow.
  if (status !== 0 && (status < 300 || status > 399)) return undefined;
  const location = headers.get('location') ?? '';
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (location === '' || to?.origin !== from.origin || to.username !== '') {
    return refuseAnswer(item, 'it is redirected to another place');
  }
  return to;
}

function failureOf(
  item: string,
  url: URL,
  { status, headers, asked }: Pick<ReceivedAnswer, 'status' | 'headers'> & { readonly asked: number | undefined },
): EnclosError {
  const reason = reasonHeader(headers);
  const details = { item, source: url.origin, status, ...(reason === undefined ? {} : { reason }) };
  const code = codeOf(status);
  if (code !== 'ENDORSEMENTS_SOURCE_FAILED') {
    return new EnclosError(code, `${url.origin} ${meanings[code]}: ${item}.`, { details });
  }
  return new EnclosError(code, `${url.origin} answered ${status} for ${item}.`, {
    details: { ...details, ...(asked === undefined ? {} : { retryAfterSeconds: Math.ceil(asked / 1000) }) },
  });
}

const meanings = {
  ENDORSEMENTS_WITHDRAWN: 'has withdrawn it',
  ENDORSEMENTS_NOT_FOUND: 'does not have it',
  ENDORSEMENTS_SOURCE_REFUSED: 'refused the request',
} as const satisfies Partial<Record<ErrorCode, string>>;

/** PCS v4, and the numbers above 450 of a PCCS: 461 and 462 are platforms and certificates that it does not know. */
function codeOf(status: number): keyof typeof meanings | 'ENDORSEMENTS_SOURCE_FAILED' {
  if (status === 410) return 'ENDORSEMENTS_WITHDRAWN';
  if (status === 404 || status === 461 || status === 462) return 'ENDORSEMENTS_NOT_FOUND';
  return status === 429 || status >= 500 ? 'ENDORSEMENTS_SOURCE_FAILED' : 'ENDORSEMENTS_SOURCE_REFUSED';
}

/** What Intel says about an error; only as far as it may stand on a terminal. */
function reasonHeader(headers: Headers): string | undefined {
  const text = [headers.get('error-code'), headers.get('error-message')].filter((part) => part !== null).join(': ');
  const printable = text.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, 200);
  return printable === '' ? undefined : printable;
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfterMs(value: string | null, now: Date): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now.getTime());
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown';
  // The message of `fetch` says nothing; the system's is beneath it.
  const { cause: inner } = cause;
  return (inner instanceof Error && inner.message !== '' ? inner.message : cause.message).replace(/\.$/, '');
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
