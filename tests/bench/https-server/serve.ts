import { randomUUID } from 'node:crypto';
import {
  serveHttp,
  type HttpHandler,
  type PeerStream,
  type ServeHttpOptions,
  type StreamedHttpHandler,
} from '@enclos/http';
import { createApi, createSite, type Site } from '@enclos/service/api';
import { createRouteMetrics } from '@enclos/service/metrics';
import { bodyLimitOf, createRouteTable, serviceErrorNames, type Route } from '@enclos/service/routes';

/** What a server outside answers too. */
export const constantAnswer = { status: 'ok', message: 'This is what every request is answered with.' } as const;
export const answerHeaders = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;
/** A streamed body, either way. */
export const streamedPieces = 64;
export const pieceBytes = 16_384;

/** Connections are kept until the end, however long the turns of the others take. */
const endless = { maxRequestsPerConnection: 2 ** 30, idleTimeoutMs: 3_600_000 };
/** So many a second that none is refused, and each is counted. */
const perSecond = 2 ** 30;
const date = (): Date => new Date();

type Secure = ServeHttpOptions['secure'];

/** The constant answer by the machinery of services: route, limits of rates, metrics. */
export function serveService(connections: AsyncIterable<PeerStream>, secure: Secure): Promise<void> {
  const route: Route<Site> = {
    operation: 'constant',
    method: 'GET',
    path: '/constant',
    summary: 'The constant answer.',
    needs: 'nothing',
    answer: () => Promise.resolve({ body: constantAnswer }),
  };
  const table = createRouteTable([route]);
  const elapsed = (): number => performance.now();
  const site = createSite({ roles: {}, limits: { callsPerClient: perSecond, openPerSecond: perSecond }, elapsed });
  const handler = createApi<Site, Route<Site>>({
    table,
    siteOf: () => site,
    errors: serviceErrorNames,
    audit: () => Promise.resolve(),
    metrics: createRouteMetrics(),
    now: date,
    elapsed,
    requestId: randomUUID,
  });
  return serveHttp(connections, { secure, handler, bodyLimit: bodyLimitOf(table), date, limits: endless });
}

/** The same by `@enclos/http` alone, and bodies in pieces. */
export function serveAlone(connections: AsyncIterable<PeerStream>, secure: Secure): Promise<void> {
  const handler: HttpHandler = ({ path }) =>
    path === '/download'
      ? { status: 200, headers: answerHeaders, body: pieces() }
      : { status: 200, headers: answerHeaders, body: JSON.stringify(constantAnswer) };
  return serveHttp(connections, {
    secure,
    handler,
    streamed: ({ path }) => (path === '/upload' ? upload : undefined),
    date,
    limits: endless,
  });
}

const upload: StreamedHttpHandler = async ({ body }) => {
  let bytes = 0;
  for await (const piece of body) bytes += piece.length;
  return { status: 200, headers: answerHeaders, body: JSON.stringify({ bytes }) };
};

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < streamedPieces; i++) yield await Promise.resolve(new Uint8Array(pieceBytes).fill(120));
}
