import { once } from 'node:events';
import { connect as connectSocket, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { createServer as createTlsServer } from 'node:tls';
import type { Duplex } from 'node:stream';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A party between client and enclave, as every host is. */
export interface Relay {
  readonly address: Address;
  /** All bytes that it relayed, in both directions, as it saw them. */
  seen(): Buffer;
  close(): Promise<void>;
}

/** Passes the bytes on and keeps a copy. */
export function startRecorder(target: Address): Promise<Relay> {
  const seen: Buffer[] = [];
  return started(
    createServer((client) => void join(client, target, seen)),
    seen,
  );
}

/** Ends TLS itself, with its own key, and poses as the client towards the enclave. */
export function startInterceptor(
  target: Address,
  identity: { readonly key: string; readonly cert: string },
): Promise<Relay> {
  const seen: Buffer[] = [];
  const server = createTlsServer(identity, (client) => void join(client, target, seen));
  server.on('tlsClientError', () => undefined);
  return started(server, seen);
}

async function join(client: Duplex, target: Address, seen: Buffer[]): Promise<void> {
  const enclave = connectSocket(target);
  for (const end of [client, enclave]) end.on('data', (chunk: Buffer) => void seen.push(chunk));
  await Promise.allSettled([pipeline(client, enclave), pipeline(enclave, client)]);
}

async function started(server: Server, seen: readonly Buffer[]): Promise<Relay> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => void sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.freeze({
    address: { host: '127.0.0.1', port },
    seen: () => Buffer.concat(seen),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  });
}
