import { once } from 'node:events';
import { Agent, request, type RequestOptions } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { dnsName, type Trust } from './trust.ts';

export interface Response {
  readonly status: number;
  readonly body: string;
  readonly connection: string | undefined;
  readonly fingerprint: string;
}

/** Posts as the API server does: by the name of the Service, and believing the bundle only. */
export function post(
  port: number,
  trust: Trust,
  body: Uint8Array | string,
  more: RequestOptions = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      port,
      host: '127.0.0.1',
      servername: dnsName,
      ca: trust.bundle,
      path: '/mutate?timeout=5s',
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json' },
      ...more,
    };
    request(options, (response) => {
      const chunks: Buffer[] = [];
      const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          connection: response.headers.connection,
          fingerprint: fingerprint256,
        }),
      );
    })
      .on('error', reject)
      .end(body);
  });
}

/** One connection for one request after the other. */
export function keepAlive(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

export async function tlsTo(port: number, trust: Trust): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', servername: dnsName, ca: trust.bundle });
  socket.on('error', ignore);
  await once(socket, 'secureConnect');
  return socket;
}

export async function tcpTo(port: number): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', ignore);
  await once(socket, 'connect');
  return socket;
}

/** Milliseconds until the other side has ended the connection, and what came before. */
export async function ended(socket: Socket): Promise<{ ms: number; text: string }> {
  const startMs = performance.now();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // Not `once` of node:events, which fails for a connection that is reset.
  await new Promise((resolve) => socket.once('close', resolve));
  return { ms: performance.now() - startMs, text: Buffer.concat(chunks).toString() };
}

/** A connection that is refused or cut is what such a test waits for. */
function ignore(): void {
  return undefined;
}

/** Until a port takes no more connections. */
export async function untilClosed(port: number): Promise<void> {
  for (;;) {
    const socket = connectTcp({ port, host: '127.0.0.1' });
    const isOpen = await new Promise<boolean>((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    );
    socket.destroy();
    if (!isOpen) return;
    await delay(20);
  }
}
