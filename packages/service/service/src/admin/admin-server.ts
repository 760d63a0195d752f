import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serviceError } from '../errors.ts';

export interface AdminOptions {
  /** The option of the command line that names the address, for messages: `--admin`. */
  readonly option: string;
  readonly address: { readonly host: string; readonly port: number };
  /** Why the service is not ready; undefined when it is. */
  readonly unready: () => string | undefined;
  /** Prometheus, text format 0.0.4. */
  readonly metrics: () => Promise<string>;
}

export interface AdminServer {
  readonly port: number;
  close(): void;
}

/**
 * Health, readiness and metrics over plain HTTP: for the kubelet and Prometheus,
 * not for the network. None of it is secret, and none of it is evidence.
 * @throws SERVICE_ADDRESS_UNUSABLE where it cannot listen
 */
export async function startAdminServer({ option, address, unready, metrics }: AdminOptions): Promise<AdminServer> {
  const server: Server = createServer((request, response) => {
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'GET and HEAD only\n');
    switch (request.url) {
      case '/healthz':
        return answer(200, 'ok\n');
      case '/readyz': {
        const reason = unready();
        return reason === undefined ? answer(200, 'ok\n') : answer(503, `${reason}\n`);
      }
      case '/metrics':
        return void metrics().then(
          (text) => answer(200, text, 'text/plain; version=0.0.4; charset=utf-8'),
          () => answer(503, 'the enclave does not answer\n'),
        );
      default:
        return answer(404, 'not found\n');
    }
  });
  server.requestTimeout = 10_000;
  server.listen(address.port, address.host);
  await once(server, 'listening').catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${option} ${address.host}:${address.port} cannot be opened: ${reason}. Choose another address, or end what listens there.`;
    throw serviceError('SERVICE_ADDRESS_UNUSABLE', { message, cause });
  });
  return Object.freeze<AdminServer>({
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  });
}
