import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EnclosError } from '@enclos/errors';
import type { AddressOption } from '../../../../../services/attestation/src/host/command-line.ts';

export interface AdminOptions {
  readonly address: AddressOption;
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
 * not for the network. Nothing of it is secret, and nothing of it is evidence.
 * @throws ATTESTATION_USAGE where it cannot listen
 */
export async function startAdminServer({ address, unready, metrics }: AdminOptions): Promise<AdminServer> {
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
    const message = `--admin ${address.host}:${address.port} cannot be opened: ${reason}. Choose another address, or end what listens there.`;
    throw new EnclosError('ATTESTATION_USAGE', message, { cause });
  });
  return Object.freeze<AdminServer>({
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  });
}
