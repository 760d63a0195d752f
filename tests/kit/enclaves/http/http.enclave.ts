import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { ApplicationError, connect, createTlsIdentity, defineEnclave, listen, tlsServer } from '@enclos/enclave';
import {
  eventStream,
  httpGet,
  serveHttp,
  type HttpHandler,
  type HttpRequest,
  type ServerSentEvent,
  type StreamedHttpHandler,
} from '@enclos/http';
import { isEnclosError } from '@enclos/errors';
import { http } from './http.edl.ts';

const options = () => ({
  ...createTlsIdentity('http.test'),
  clientCertificates: 'requested' as const,
  alpnProtocols: ['http/1.1'],
});
let current = options();
const secure = tlsServer(() => current);
const stopped = new AbortController();
const counts = { begun: 0, aborted: 0, failed: 0 };
const waiting: (() => void)[] = [];
const serving: Promise<void>[] = [];
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function described(request: HttpRequest): string {
  const { method, path, query, headers, body, clientCertificate, clientCertificateChain } = request;
  return JSON.stringify({
    method,
    path,
    query: [...query],
    headers: Object.fromEntries(headers),
    bodyBytes: body.length,
    bodySha256: sha256(body),
    client: clientCertificate === undefined ? null : sha256(clientCertificate),
    chain: clientCertificateChain.map(sha256),
  });
}

/** So many events at once, and then none until the client leaves. */
async function* events(count: number, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  try {
    for (let id = 1; id <= count; id++) yield { id: `${id}`, event: 'token', data: `token ${id}\nof ${count}` };
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  } finally {
    counts.aborted += 1;
  }
}

/** Hashes a body of any length as it comes. */
const upload: StreamedHttpHandler = async ({ body }) => {
  const hash = createHash('sha256');
  for await (const piece of body) hash.update(piece);
  return { status: 200, body: hash.digest('hex') };
};

const handler: HttpHandler = async (request, { signal }) => {
  counts.begun += 1;
  switch (request.path) {
    case '/wait':
      signal.addEventListener('abort', () => void (counts.aborted += 1));
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { status: 200, body: 'released' };
    case '/events':
      return eventStream(events(Number(request.query.get('count')), signal), { heartbeatMs: 20 });
    case '/throw':
      throw new Error('a secret of the enclave');
    case '/split':
      return { status: 200, headers: { 'x-said': 'a\r\nset-cookie: b=c' } };
    case '/large':
      return { status: 200, body: new Uint8Array(Number(request.query.get('bytes'))).fill(97) };
    case '/echo':
      return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: request.body };
    default:
      return { status: 200, headers: { 'content-type': 'application/json' }, body: described(request) };
  }
};

export const application = defineEnclave(http, {
  serve({ timesMs, maxConnections }) {
    const times = {
      handshakeTimeoutMs: timesMs,
      headerTimeoutMs: timesMs,
      bodyTimeoutMs: timesMs,
      idleTimeoutMs: timesMs,
    };
    const limits = { maxConnections, ...(timesMs === 0 ? {} : times) };
    const streamed = ({ path }: { readonly path: string }) => (path === '/upload' ? upload : undefined);
    const shared = { handler, streamed, limits, signal: stopped.signal, onError: () => void (counts.failed += 1) };
    serving.push(
      serveHttp(listen('secured', { signal: stopped.signal }), { ...shared, secure }),
      serveHttp(listen('plain', { signal: stopped.signal }), { ...shared, secure: undefined }),
    );
  },
  async drain() {
    stopped.abort();
    await Promise.all(serving);
  },
  certificate: () => current.cert,
  rotate() {
    current = options();
    return current.cert;
  },
  counts: () => counts,
  release() {
    for (const resolve of waiting.splice(0)) resolve();
  },
  async fetch({ root, host, path, timeoutMs }) {
    // For every step, from here on: the host can let any of them wait.
    const signal = AbortSignal.timeout(timeoutMs);
    let socket: TLSSocket | undefined;
    try {
      socket = connectTls({ socket: await connect('issuer', { signal }), servername: host, ca: root });
      await once(socket, 'secureConnect', { signal });
      const { status, headers, body } = await httpGet(socket, { host, path, timeoutMs, maxBytes: 65_536, signal });
      return { status, type: headers.get('content-type') ?? '', body };
    } catch (error) {
      if (signal.aborted) throw new ApplicationError('HTTP_TIMEOUT');
      throw new ApplicationError(isEnclosError(error) ? error.code : String(error));
    } finally {
      socket?.destroy();
    }
  },
});
