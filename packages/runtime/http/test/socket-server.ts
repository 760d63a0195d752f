import { on, once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { tlsKeyPair } from '@enclos/testkit';
import { serveHttp, type PeerStream, type ServeHttpOptions } from '../src/index.ts';

/** Over sockets of this machine, without TLS and with it: TLS then has the socket itself, as on streams that a host passes. */
export const ways = ['TCP', 'TLS'] as const;
export type Way = (typeof ways)[number];

const identity = tlsKeyPair(selfSignedCertificate, 'localhost');
const secureContext = createSecureContext(identity);

async function secure(connection: PeerStream): Promise<TLSSocket> {
  const socket = new TLSSocket(connection, { isServer: true, secureContext });
  await once(socket, 'secure');
  return socket;
}

/** @returns connects a client that reads nothing yet. The server ends with the test. */
export async function serveSockets(
  t: TestContext,
  way: Way,
  options: Omit<ServeHttpOptions, 'secure'>,
): Promise<() => Promise<Socket>> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const ending = new AbortController();
  const { signal } = ending;
  async function* connections(): AsyncGenerator<PeerStream> {
    for await (const args of on(server, 'connection', { signal })) {
      // The arguments of the event `connection` (node:net).
      const [socket] = args as [Socket];
      yield Object.defineProperty(socket, 'remoteAddress', { value: '192.0.2.1 50000' }) as PeerStream & Socket;
    }
  }
  const clients: Socket[] = [];
  const served = serveHttp(connections(), { ...options, secure: way === 'TLS' ? secure : undefined, signal });
  t.after(async () => {
    ending.abort();
    for (const client of clients) client.destroy();
    server.close();
    await served.catch(() => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return async () => {
    const tcp = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const secured = { socket: tcp, ca: identity.cert, servername: 'localhost', allowHalfOpen: true };
    const client = way === 'TCP' ? tcp : connectTls(secured);
    clients.push(client);
    client.on('error', () => undefined);
    await once(client, way === 'TCP' ? 'connect' : 'secureConnect');
    return client.pause();
  };
}
