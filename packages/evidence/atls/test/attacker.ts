import { once } from 'node:events';
import { connect, createSecureContext, TLSSocket, type ConnectionOptions } from 'node:tls';
import { FrameReader } from '../src/protocol/frame-reader.ts';
import { snapshotOf, type AttestedIdentity, type IdentitySnapshot } from '../src/identity.ts';
import { alpnProtocol, encodeMessage, type Message } from '../src/protocol/messages.ts';
import type { Role } from '../src/roles.ts';
import { startServer, type Address } from './scene.ts';

/** What an attacker who got hold of a private key has. */
export function leaked(identity: AttestedIdentity, role: Role = 'server'): IdentitySnapshot {
  return snapshotOf(identity, role);
}

export interface KeyAndCertificate {
  readonly privateKey: string;
  readonly certificate: string;
}

export interface ImpostorOptions {
  readonly alpn?: readonly string[];
  readonly maxVersion?: 'TLSv1.2';
  readonly requestCert?: boolean;
}

/** A TLS server that says what the attacker wants, once the handshake is done. */
export function startImpostor(
  { privateKey, certificate }: KeyAndCertificate,
  speak: (socket: TLSSocket) => unknown,
  { alpn = [alpnProtocol], maxVersion, requestCert = false }: ImpostorOptions = {},
): Promise<Address> {
  const secureContext = createSecureContext({
    key: privateKey,
    cert: certificate,
    ...(maxVersion === undefined ? { minVersion: 'TLSv1.3' } : { maxVersion, minVersion: maxVersion }),
  });
  return startServer((connection) => {
    const socket = new TLSSocket(connection, {
      isServer: true,
      secureContext,
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
      requestCert,
      rejectUnauthorized: false,
    });
    socket.on('error', () => undefined);
    socket.once('secure', () => void speak(socket));
  });
}

/** A TLS client that says what the attacker wants. */
export async function openRaw(address: Address, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    ...address,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ALPNProtocols: [alpnProtocol],
    ...options,
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

/** Everything that passed an attacker in the middle, in the clear. */
export interface Tap {
  readonly address: Address;
  seen(): string;
}

/** Ends TLS itself with a key that it got hold of, and passes on whatever both sides say. */
export async function startMiddle(
  identity: KeyAndCertificate,
  target: Address,
  options: ImpostorOptions = {},
): Promise<Tap> {
  let seen = '';
  const address = await startImpostor(
    identity,
    async (victim) => {
      const server = await openRaw(target, options.alpn === undefined ? {} : { ALPNProtocols: [] });
      for (const end of [victim, server]) end.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')));
      victim.pipe(server);
      server.pipe(victim);
    },
    options,
  );
  return { address, seen: () => seen };
}

export function say(socket: TLSSocket, ...messages: readonly Message[]): void {
  for (const message of messages) socket.write(encodeMessage(message));
}

/** The next messages of a peer, as an attacker reads them. */
export function listenTo(socket: TLSSocket): () => Promise<Message> {
  const frames = new FrameReader();
  return async () => {
    for (;;) {
      const message = frames.next();
      if (message !== undefined) return message;
      const chunk: unknown = socket.read();
      if (chunk instanceof Uint8Array) frames.push(chunk);
      else await once(socket, 'readable');
    }
  };
}
