import './errors.ts';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { addressText, type NetworkAddress } from '@enclos/command-line';
import { EnclosError } from '@enclos/errors';

export interface HttpServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The part of a web application that is served. */
interface WebApplication {
  fetch(request: Request): Response | Promise<Response>;
}

/**
 * Serves a read-only web application: GET and HEAD, bodies ignored.
 * @throws CLI_ADDRESS_IN_USE
 */
export async function serveHttp(app: WebApplication, { host, port }: NetworkAddress): Promise<HttpServer> {
  const server = createServer((incoming, outgoing) => {
    answer(app, incoming, outgoing).catch(() => outgoing.destroy());
  });
  const actual = await listenAt(server, { host, port });
  return Object.freeze({
    url: `http://${addressText({ host, port: actual })}`,
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

/** @returns the port, also when any was asked for. @throws CLI_ADDRESS_IN_USE */
export async function listenAt(server: Server, { host, port }: NetworkAddress): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const inUse = cause.code === 'EADDRINUSE';
      reject(
        inUse
          ? new EnclosError(
              'CLI_ADDRESS_IN_USE',
              `Another program already listens at ${addressText({ host, port })}.`,
              { cause },
            )
          : cause,
      );
    });
    server.listen(port, host, resolve);
  });
  // A server that listens on a port has an address of this form.
  return (server.address() as AddressInfo).port;
}

async function answer(app: WebApplication, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method, url = '/' } = incoming;
  incoming.resume();
  if (method !== 'GET' && method !== 'HEAD') {
    outgoing.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  // The host of the request does not matter, and may be malformed.
  const response = await app.fetch(new Request(new URL(url, 'http://collateral.invalid'), { method }));
  const body = new Uint8Array(await response.arrayBuffer());
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'content-length': String(body.length),
  });
  outgoing.end(method === 'HEAD' ? undefined : body);
}
