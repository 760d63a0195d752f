import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expositionContentType } from '@enclos/host/exposition';
import { listenAt, type ListenAddress } from './listen.ts';

export interface AdminOptions {
  /** The option of the command line that names the address, for messages: `--admin`. */
  readonly option: string;
  readonly address: ListenAddress;
  /** Why the service is not ready; undefined when it is. */
  readonly unready: () => string | undefined;
  /** Prometheus, text format 0.0.4. */
  readonly metrics: () => string | Promise<string>;
}

export interface AdminServer {
  readonly port: number;
  /** Ends the server and its connections. */
  close(): Promise<void>;
}

/** A scraper, and the probes of a kubelet. */
const maxConnections = 32;
const maxHeaderBytes = 8 * 1024;
const requestMs = 5000;
const silenceMs = 10_000;

/**
 * Health (`/healthz`), readiness (`/readyz`) and metrics (`/metrics`) over plain HTTP: for the kubelet and Prometheus,
 * not for the network. None of it is secret, and none of it is evidence. What a client can take is bounded: connections,
 * the size of its headers, and the time for a request.
 * @throws SERVICE_ADDRESS_UNUSABLE where it cannot listen
 * @example
 * const admin = await startAdminServer({
 *   option: '--admin',
 *   address: { host: '127.0.0.1', port: 8081 },
 *   unready: () => (isDraining ? 'draining' : undefined),
 *   metrics: () => counters.render(),
 * });
 */
export async function startAdminServer({ option, address, unready, metrics }: AdminOptions): Promise<AdminServer> {
  const pages: Pages = {
    '/healthz': () => ({ status: 200, body: 'ok\n' }),
    '/readyz': () => {
      const reason = unready();
      return reason === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `${reason}\n` };
    },
    '/metrics': async () => ({ status: 200, body: await metrics(), type: expositionContentType }),
  };
  const server = createServer(
    {
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      // How late the two times above can be.
      connectionsCheckingInterval: 1000,
      maxHeaderSize: maxHeaderBytes,
    },
    (request, response) => void serve(request, response, pages),
  );
  server.maxConnections = maxConnections;
  server.setTimeout(silenceMs);
  const port = await listenAt(server, { option, address });
  return Object.freeze<AdminServer>({
    port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

interface Page {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

type Pages = Readonly<Record<string, () => Page | Promise<Page>>>;

async function serve(request: IncomingMessage, response: ServerResponse, pages: Pages): Promise<void> {
  const { status, body, type = 'text/plain; charset=utf-8' } = await pageOf(request, pages);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function pageOf({ method, url = '' }: IncomingMessage, pages: Pages): Promise<Page> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'GET and HEAD only\n' };
  const [path = ''] = url.split('?', 1);
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined) return { status: 404, body: 'not found\n' };
  try {
    return await page();
  } catch {
    // The enclave that counts may have ended. The reason belongs in the log, not in an answer.
    return { status: 503, body: 'not available\n' };
  }
}
