import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { createBodyRoom, type BodyRoom } from '@enclos/bounded';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import type { EnclosLogger } from '@enclos/host';
import type { Answer } from '../review/answer.ts';
import { readBody } from './body.ts';
import type { Limits } from './limits.ts';
import type { AdmissionMetrics } from './metrics.ts';
import { reviewPath } from './review-path.ts';

export interface KeyPair {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** PEM of the authorities of clients: any other client is refused in the handshake. Undefined: any client is answered. */
  readonly clientCa?: string | undefined;
}

export interface WebhookOptions {
  readonly keyPair: KeyPair;
  /** Answers the body of a review. @throws ADMISSION_REVIEW_UNREADABLE */
  readonly answer: (body: Uint8Array) => Answer;
  readonly limits: Limits;
  readonly logger: EnclosLogger;
  readonly metrics: AdmissionMetrics;
  /** From any peer. */
  readonly nowMs: () => number;
}

export interface WebhookServer {
  readonly server: Server;
  inFlight(): number;
  heldBytes(): number;
  /** For connections that come from now on; those that are there go on with what they have. */
  replaceKeyPair(keyPair: KeyPair): void;
  /** From now on every answer ends its connection, so that clients look for another replica. */
  drain(): void;
}

interface Context extends WebhookOptions {
  readonly room: BodyRoom;
  isDraining: boolean;
  inFlight: number;
}

/** The server of reviews: HTTPS with TLS 1.3, not listening yet. It has no state but numbers. */
export function createWebhookServer(options: WebhookOptions): WebhookServer {
  const { keyPair, limits } = options;
  const context: Context = {
    ...options,
    room: createBodyRoom({
      maxBytes: limits.maxHeldBytes,
      maxBodies: limits.maxConnections,
      minBytesPerSecond: limits.minBytesPerSecond,
      now: options.nowMs,
    }),
    isDraining: false,
    inFlight: 0,
  };
  const server = createServer(
    {
      ...contextOf(keyPair),
      requestCert: keyPair.clientCa !== undefined,
      rejectUnauthorized: keyPair.clientCa !== undefined,
      handshakeTimeout: limits.handshakeMs,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      // How late the two times above can be.
      connectionsCheckingInterval: Math.min(1000, limits.headersMs / 2),
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => void serve(request, response, context),
  );
  server.on('tlsClientError', () => options.metrics.handshakeFailed());
  server.maxConnections = limits.maxConnections;
  server.setTimeout(limits.silenceMs);
  return Object.freeze<WebhookServer>({
    server,
    inFlight: () => context.inFlight,
    heldBytes: () => context.room.heldBytes,
    replaceKeyPair: (found) => server.setSecureContext(contextOf(found)),
    drain() {
      context.isDraining = true;
    },
  });
}

function contextOf({ cert, key, clientCa }: KeyPair): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.3', ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

async function serve(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const startMs = context.nowMs();
  context.inFlight += 1;
  response.once('close', () => {
    context.inFlight -= 1;
  });
  try {
    const unfit = unfitness(request);
    if (unfit !== undefined) return reply(response, context, { ...unfit, isLast: true });
    const body = await readBody(request, { maxBytes: context.limits.maxBodyBytes, room: context.room });
    const answer = context.answer(body);
    const ms = context.nowMs() - startMs;
    context.metrics.reviewed(answer, ms / 1000);
    log(context.logger, answer, ms);
    reply(response, context, { status: 200, body: answer.body });
  } catch (error) {
    if (isEnclosError(error)) return refuse(response, context, error.code);
    // A client that left in the middle of its body is not an error, and there is no one to tell.
    const fields = { event: 'failed', fault: placesOf(error) };
    if (request.errored === null) context.logger.error(fields, 'A request could not be answered; its connection ends.');
    response.destroy();
  }
}

/** What is wrong with a request before its body; such a request is not read. */
function unfitness({ url = '', method, headers }: IncomingMessage): { status: number; body: string } | undefined {
  const [path] = url.split('?', 1);
  if (path !== reviewPath) return { status: 404, body: '{"error":"Reviews are answered at /mutate."}' };
  if (method !== 'POST') return { status: 405, body: '{"error":"Reviews come by POST."}' };
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'application/json') {
    return { status: 415, body: '{"error":"Reviews are application/json."}' };
  }
  return undefined;
}

const statuses: Partial<Record<ErrorCode, number>> = {
  ADMISSION_REVIEW_UNREADABLE: 400,
  ADMISSION_BODY_TOO_LARGE: 413,
  ADMISSION_BUSY: 503,
};

function refuse(response: ServerResponse, context: Context, code: ErrorCode): void {
  context.metrics.refused(code);
  context.logger.warn({ event: 'refused', code }, 'A request was not a review that could be answered.');
  reply(response, context, { status: statuses[code] ?? 500, body: JSON.stringify({ code }), isLast: true });
}

interface Reply {
  readonly status: number;
  readonly body: string;
  /** Whether the rest of what the client sends is not read. */
  readonly isLast?: boolean;
}

function reply(response: ServerResponse, { isDraining }: Context, { status, body, isLast = false }: Reply): void {
  const ends = isLast || isDraining;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(status === 405 ? { allow: 'POST' } : {}),
    ...(ends ? { connection: 'close' } : {}),
  });
  response.end(body);
}

/** What was decided about whose request, and nothing of the pod. */
function log(logger: EnclosLogger, answer: Answer, ms: number): void {
  const { uid, namespace, outcome, platform, operations, code, fault } = answer;
  const fields = {
    event: 'reviewed',
    uid,
    outcome,
    operations,
    milliseconds: Math.round(ms * 10) / 10,
    ...(namespace === undefined ? {} : { namespace }),
    ...(platform === undefined ? {} : { platform }),
    ...(code === undefined ? {} : { code }),
  };
  if (fault === undefined) return logger.info(fields, 'A review was answered.');
  logger.error({ ...fields, fault: placesOf(fault) }, 'A review could not be answered; its pod was left as it is.');
}

/** Where an error comes from: the stack names places in this program, and the message could quote the pod. */
function placesOf(fault: unknown): string {
  const lines = fault instanceof Error ? (fault.stack ?? '').split('\n') : [];
  return lines
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 5)
    .map((line) => line.trim())
    .join(' ');
}
