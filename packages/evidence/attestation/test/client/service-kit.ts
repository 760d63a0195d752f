import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { toPem } from '@enclos/codec/pem';
import { selfSignedCertificate } from '@enclos/codec/x509';
import type { Fetch } from '../../src/client/index.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers by hand, or with JSON. */
export type Route = (received: Received, response: ServerResponse) => unknown;

export interface TestService {
  readonly endpoint: string;
  readonly received: readonly Received[];
  /** What trusts it. */
  readonly ca: string;
  readonly fetch: Fetch;
}

const tls = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const certificate = toPem(
  'CERTIFICATE',
  selfSignedCertificate({
    name: 'localhost',
    serialNumber: new Uint8Array(randomBytes(16)),
    publicKey: new Uint8Array(tls.publicKey.export({ type: 'spki', format: 'der' })),
    sign: (bytes) => new Uint8Array(createSign('sha256').update(bytes).sign(tls.privateKey)),
  }),
);

/** A service on loopback that answers by path, whatever a test lets it. */
export async function startService(
  t: TestContext,
  routes: Readonly<Record<string, Route>>,
  scheme: 'http' | 'https' = 'https',
): Promise<TestService> {
  const received: Received[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const call = { method: request.method ?? '', path, query, headers: request.headers, body: await text(request) };
    received.push(call);
    const route = routes[path];
    const result = route === undefined ? response.writeHead(404).end() : route(call, response);
    if (result === response || result === undefined) return;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(typeof result === 'string' ? result : JSON.stringify(result));
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => void answer(request, response);
  const key = tls.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server =
    scheme === 'https' ? createHttpsServer({ cert: certificate, key }, listener) : createHttpServer(listener);
  server.listen(0, scheme === 'https' ? 'localhost' : '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const endpoint = scheme === 'https' ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  return { endpoint, received, ca: certificate, fetch: fetchTrusting(certificate) };
}

/** The global fetch takes no trusted certificates. */
function fetchTrusting(ca: string): Fetch {
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const sent = httpsRequest(url, { method, headers, ca, signal, agent: false }, (answer) => {
        const init = { status: answer.statusCode ?? 0, headers: answer.headers as Record<string, string> };
        resolve(new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, init));
      });
      sent.on('error', reject);
      sent.end(body);
    });
}
