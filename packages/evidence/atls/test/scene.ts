import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { isEnclosError } from '@enclos/errors';
import { createAttestedServer, type AcceptedConnection, type AttestedServer } from '../src/index.ts';
import type { AttestedServerOptions } from '../src/index.ts';
import { createTestTee, type TestEvidence } from './test-tee.ts';

export const tee = createTestTee();
export const appraise = tee.appraiser({ measurements: ['server', 'client'] });

export interface Address {
  readonly host: string;
  readonly port: number;
}

const servers: { readonly server: Server; readonly sockets: Set<Socket> }[] = [];
after(() => {
  for (const { server, sockets } of servers) {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
});

/** A TCP server for the time of a test file. */
export async function startServer(onSocket: (socket: Socket) => void): Promise<Address> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  });
  servers.push({ server, sockets });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

export interface EchoServer {
  readonly address: Address;
  readonly server: AttestedServer<TestEvidence>;
  readonly accepted: AcceptedConnection<TestEvidence>[];
  /** Codes of the connections that were refused, as they come. */
  readonly refusals: string[];
  /** Bytes that the application got. */
  readonly received: () => string;
}

/** An attested server that echoes. */
export async function startEcho(options: Partial<AttestedServerOptions<TestEvidence>> = {}): Promise<EchoServer> {
  const server = await createAttestedServer<TestEvidence>({
    name: 'server.test',
    evidence: tee.evidenceOf('server'),
    ...options,
  });
  const accepted: AcceptedConnection<TestEvidence>[] = [];
  const refusals: string[] = [];
  let text = '';
  const address = await startServer((socket) => {
    server.accept(socket).then(
      (connection) => {
        accepted.push(connection);
        connection.socket.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          connection.socket.write(chunk);
        });
      },
      (error: unknown) => void refusals.push(codeOf(error)),
    );
  });
  return { address, server, accepted, refusals, received: () => text };
}

export async function echo(socket: TLSSocket, text: string): Promise<string> {
  socket.write(text);
  let answer = '';
  while (answer.length < text.length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    answer += chunk.toString();
  }
  return answer;
}

export function codeOf(error: unknown): string {
  return isEnclosError(error) ? error.code : String(error);
}

/** Waits for what happens on another end. */
export async function eventually(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('This did not happen within 5 seconds.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
