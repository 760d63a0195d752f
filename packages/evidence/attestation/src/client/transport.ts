import { boundedBody, underDeadline, untilAborted } from '@enclos/bounded';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { isJsonObject, parseJsonBytes, type JsonObject } from '@enclos/codec/json';
import { orElse, refuseAnswer } from './errors.ts';

/** What sends requests: the global `fetch`, or one with its signature, for example for attested connections. */
export type Fetch = (url: string, init: FetchRequest) => Promise<Response>;

/** The part of a RequestInit that the client uses. */
export interface FetchRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly redirect: 'manual';
  readonly credentials: 'omit';
  readonly cache: 'no-store';
  readonly signal: AbortSignal;
}

export interface Call {
  readonly method: FetchRequest['method'];
  /** Below the endpoint, for example `/certs`. */
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
  /** A bearer token. */
  readonly bearer?: string;
  readonly maximumBytes: number;
}

export interface Connection {
  readonly endpoint: string;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
}

/**
 * One call and the body of its answer. No redirect is followed, no body is read
 * over its bound, and nothing takes longer than the time allowed.
 *
 * @throws ATTESTATION_SERVICE_UNREACHABLE, ATTESTATION_SERVICE_FAILED, ATTESTATION_SERVICE_REFUSED and
 *   ATTESTATION_ANSWER_INVALID
 */
export async function send(call: Call, connection: Connection): Promise<Uint8Array> {
  try {
    return await underDeadline(connection.timeoutMs, async (signal) => {
      const request = connection.fetch(`${connection.endpoint}${call.path}`, requestOf(call, signal));
      return bodyOf(await untilAborted(signal, request), call, signal);
    });
  } catch (cause) {
    if (isEnclosError(cause)) throw cause;
    const message = `${connection.endpoint} cannot be reached; the cause says why.`;
    throw new EnclosError('ATTESTATION_SERVICE_UNREACHABLE', message, {
      details: { path: pathOf(call) },
      cause,
    });
  }
}

/** As `send`, for the JSON object of a member `token`. */
export async function sendForToken(call: Call, connection: Connection): Promise<string> {
  return sendForMember('token', call, connection);
}

/** As `send`, for a text that is a member of the JSON object. */
export async function sendForMember(name: 'token' | 'value', call: Call, connection: Connection): Promise<string> {
  const text = readObject(await send(call, connection), call.maximumBytes)[name];
  return typeof text === 'string' ? text : refuseAnswer(`${name}-member`, `The answer of the service has no ${name}.`);
}

function requestOf(call: Call, signal: AbortSignal): FetchRequest {
  return {
    method: call.method,
    headers: {
      accept: call.accept ?? 'application/json',
      ...(call.contentType === undefined ? {} : { 'content-type': call.contentType }),
      ...(call.bearer === undefined ? {} : { authorization: `Bearer ${call.bearer}` }),
    },
    ...(call.body === undefined ? {} : { body: call.body }),
    redirect: 'manual',
    credentials: 'omit',
    cache: 'no-store',
    signal,
  };
}

const maximumErrorBytes = 65_536;

async function bodyOf(response: Response, call: Call, signal: AbortSignal): Promise<Uint8Array> {
  const { status } = response;
  // 0: a browser, which shows nothing of a redirect that it does not follow.
  if (status === 0 || (status >= 300 && status <= 399)) {
    return refuseAnswer('redirect', 'The service answered with a redirect, and none is followed.');
  }
  const maximum = status === 200 ? call.maximumBytes : maximumErrorBytes;
  const body = await boundedBody(response, maximum, signal);
  if (body === undefined) return refuseAnswer('size', `The answer of the service has more than ${maximum} bytes.`);
  if (status === 200) return body;
  const reason = reasonOf(body);
  const isFailure = status === 429 || status >= 500;
  const message = `The service answered ${status}${reason === undefined ? '' : ` (${reason})`}.`;
  throw new EnclosError(isFailure ? 'ATTESTATION_SERVICE_FAILED' : 'ATTESTATION_SERVICE_REFUSED', message, {
    details: { path: pathOf(call), status, ...(reason === undefined ? {} : { reason }) },
  });
}

function readObject(body: Uint8Array, maximumBytes: number): JsonObject {
  const value = orElse(
    () => parseJsonBytes(body, maximumBytes),
    (cause) => refuseAnswer('json', 'The answer of the service is not strict JSON.', cause),
  );
  return isJsonObject(value) ? value : refuseAnswer('json', 'The answer of the service is not a JSON object.');
}

/** `error.code` of the documented error body, only if it is a plain word: the message could quote anything. */
function reasonOf(body: Uint8Array): string | undefined {
  try {
    const value = parseJsonBytes(body, maximumErrorBytes);
    const error = isJsonObject(value) ? value['error'] : undefined;
    const code = isJsonObject(error) ? error['code'] : undefined;
    return typeof code === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(code) ? code : undefined;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}

function pathOf({ path }: Call): string {
  return path.split('?', 1)[0] ?? path;
}
