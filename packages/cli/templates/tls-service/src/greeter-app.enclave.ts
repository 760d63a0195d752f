import { pipeline } from 'node:stream/promises';
import { createTlsIdentity, defineEnclave, listen, log, quote, tlsServer, type Connection } from '@enclos/enclave';
import { app, maxRequestBytes, purpose, serverName } from './greeter-app.edl.ts';
import { linesOf } from './lines.ts';

/** Born here, gone with the enclave: the host never has the key. */
const identity = createTlsIdentity(serverName);
const secure = tlsServer(identity);

/** An enclave has 256 connections. Clients that say nothing must not keep them. */
const idleMs = 60_000;

/** The host sees that a client bids, and never how much. */
let highest = 0;

type Endorsements = () => Promise<string>;

async function answer(request: string, endorsements: Endorsements): Promise<string> {
  const [, nonce] = /^evidence ([0-9a-f]{64})$/.exec(request) ?? [];
  if (nonce !== undefined) {
    const proof = await quote({ purpose, nonce: Buffer.from(nonce, 'hex'), key: identity.publicKey });
    return JSON.stringify({ quote: Buffer.from(proof).toString('hex'), endorsements: await endorsements() });
  }
  const [, amount] = /^bid (\d{9})$/.exec(request) ?? [];
  if (amount === undefined) return 'unknown';
  const isHighest = Number(amount) > highest;
  if (isHighest) highest = Number(amount);
  // The host sees how long each message is: bids are of one length, and so are these.
  return isHighest ? 'highest' : 'too low';
}

async function serve(connection: Connection, endorsements: Endorsements): Promise<void> {
  const client = await secure(connection);
  client.setTimeout(idleMs, () => client.destroy());
  await pipeline(
    client,
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const line of linesOf(chunks, maxRequestBytes)) yield `${await answer(line, endorsements)}\n`;
    },
    client,
  );
}

async function serveAll(endorsements: Endorsements): Promise<void> {
  for await (const connection of listen('clients')) {
    // A connection that breaks, or does not speak TLS, must not end the others.
    serve(connection, endorsements).catch(() => {
      connection.destroy();
      log.debug('a connection ended early');
    });
  }
}

export const application = defineEnclave(
  app,
  {},
  // Not awaited: it runs as long as the enclave lives.
  { start: ({ host }) => void serveAll(() => host.endorsements()) },
);
