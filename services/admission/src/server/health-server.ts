import { createServer, type Server } from 'node:http';
import { expositionContentType } from '@enclos/host/exposition';

export interface HealthOptions {
  /** What keeps this replica from being sent reviews; undefined when nothing does. */
  readonly unready: () => string | undefined;
  readonly metrics: () => string;
}

/** Plain HTTP for the kubelet and Prometheus: /healthz, /readyz and /metrics. It tells numbers and nothing of any pod. */
export function createHealthServer({ unready, metrics }: HealthOptions): Server {
  const server = createServer(
    { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000, maxHeaderSize: 8 * 1024 },
    ({ url = '', method }, response) => {
      const send = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
        response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
        response.end(method === 'HEAD' ? undefined : text);
      };
      if (method !== 'GET' && method !== 'HEAD') return send(405, 'GET and HEAD only\n');
      const [path] = url.split('?', 1);
      if (path === '/healthz') return send(200, 'ok\n');
      if (path === '/metrics') return send(200, metrics(), expositionContentType);
      if (path !== '/readyz') return send(404, 'no such page\n');
      const reason = unready();
      return reason === undefined ? send(200, 'ok\n') : send(503, `${reason}\n`);
    },
  );
  server.maxConnections = 64;
  server.setTimeout(10_000);
  return server;
}
