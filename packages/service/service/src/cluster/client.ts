import { readFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { ByteWriter } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';

/** Where the API server is, and what proves both sides to each other. */
export interface ApiServer {
  readonly host: string;
  readonly port: number;
  /** With `token` and `ca.crt`: /var/run/secrets/kubernetes.io/serviceaccount. Both are read for each request, because they change. */
  readonly credentialsFolder: string;
}

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root, with its query. */
  readonly path: string;
  readonly body?: unknown;
  /** The type of the body: application/json, unless it is a patch. */
  readonly contentType?: string;
  readonly accept?: string;
}

export interface ApiClient {
  /**
   * @returns the JSON of the answer; undefined when it has none
   * @throws SERVICE_CLUSTER_REFUSED for a status of 400 and above but 429; SERVICE_CLUSTER_UNREACHABLE when there is no answer, when the server is
   *   overloaded, and at once while the client waits after such a failure.
   */
  readonly call: (call: ApiCall) => Promise<unknown>;
}

export interface ApiClientOptions {
  readonly server: ApiServer;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly timeoutMs?: number;
  /** How many requests a second, and this many at once after a rest. Default: 5 and 10, as client-go has it. */
  readonly pace?: { readonly perSecond: number; readonly burst: number };
}

const defaultTimeoutMs = 10_000;
const maxAnswerBytes = 4 * 1024 * 1024;
const maxInProgress = 8;
const defaultPace = { perSecond: 5, burst: 10 };
const firstPauseMs = 1000;
const longestPauseMs = 60_000;

/** The server that Kubernetes names to every container. @returns undefined outside a cluster */
export function clusterApiServer(environment: NodeJS.ProcessEnv): ApiServer | undefined {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = Number(environment['KUBERNETES_SERVICE_PORT']);
  if (host === undefined || host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return { host, port, credentialsFolder: '/var/run/secrets/kubernetes.io/serviceaccount' };
}

/**
 * A client of the Kubernetes API for the few requests of a service in a cluster. It never repeats a request: after a failure it refuses requests for
 * a while, twice as long each time, so that the services of many nodes do not overwhelm a server in trouble.
 */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const { server, now, timeoutMs = defaultTimeoutMs, pace = defaultPace } = options;
  const { perSecond, burst } = pace;
  let inProgress = 0;
  let pausedUntilMs = 0;
  let pauseMs = firstPauseMs;
  let tokens = burst;
  let countedAtMs = now();
  const takeTurn = (): void => {
    const atMs = now();
    tokens = Math.min(burst, tokens + ((atMs - countedAtMs) / 1000) * perSecond);
    countedAtMs = atMs;
    if (atMs < pausedUntilMs) throw unreachable('The API server failed a moment ago, and is left alone for a while.');
    if (tokens < 1 || inProgress >= maxInProgress) throw unreachable('Too many requests to the API server at once.');
    tokens -= 1;
  };
  const pause = (retryAfterSeconds: number): void => {
    const askedMs = Number.isFinite(retryAfterSeconds) ? retryAfterSeconds * 1000 : 0;
    pausedUntilMs = now() + Math.min(longestPauseMs, Math.max(pauseMs, askedMs));
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  };
  return Object.freeze({
    async call(call: ApiCall) {
      takeTurn();
      inProgress += 1;
      try {
        const { status, body, retryAfter } = await exchange(server, call, timeoutMs);
        if (status === 429 || status >= 500) {
          pause(retryAfter);
          throw unreachable(`The API server answered ${call.method} with status ${status}.`);
        }
        pauseMs = firstPauseMs;
        if (status >= 400) {
          const message = `The API server answered ${call.method} with status ${status}.`;
          throw new EnclosError('SERVICE_CLUSTER_REFUSED', message, { details: { status } });
        }
        return body.length === 0 ? undefined : (JSON.parse(Buffer.from(body).toString('utf8')) as unknown);
      } catch (error) {
        if (error instanceof EnclosError) throw error;
        pause(0);
        throw unreachable('The API server could not be asked.', error);
      } finally {
        inProgress -= 1;
      }
    },
  });
}

interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly retryAfter: number;
}

async function exchange(server: ApiServer, call: ApiCall, timeoutMs: number): Promise<Answer> {
  const { host, port, credentialsFolder } = server;
  const [token, ca] = await Promise.all(
    ['token', 'ca.crt'].map((name) => readFile(join(credentialsFolder, name), 'utf8')),
  );
  const text = call.body === undefined ? undefined : JSON.stringify(call.body);
  return await new Promise<Answer>((resolve, reject) => {
    const request = httpsRequest(
      {
        host,
        port,
        method: call.method,
        path: call.path,
        // Only the cluster's own authority, and not those that Node knows.
        ca,
        minVersion: 'TLSv1.2',
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          authorization: `Bearer ${token?.trim() ?? ''}`,
          accept: call.accept ?? 'application/json',
          'user-agent': 'enclos',
          ...(text === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        },
      },
      (response) => {
        const bytes = new ByteWriter({ maxBytes: maxAnswerBytes });
        response.on('data', (chunk: Buffer) => {
          if (bytes.length + chunk.length > maxAnswerBytes) return void response.destroy(new Error('too long'));
          bytes.bytes(chunk);
        });
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: bytes.finish(),
            retryAfter: Number(response.headers['retry-after']),
          }),
        );
      },
    );
    request.on('error', reject);
    // A switch to another protocol answers nothing, and Node tells of it in no other way.
    request.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new Error('not an answer'));
    });
    request.end(text);
  });
}

/** Whether a call failed because its object does not exist. */
export function isNotFound(error: unknown): boolean {
  return isEnclosError(error, 'SERVICE_CLUSTER_REFUSED') && error.details['status'] === 404;
}

function unreachable(message: string, cause?: unknown): EnclosError {
  return new EnclosError('SERVICE_CLUSTER_UNREACHABLE', message, { cause });
}
