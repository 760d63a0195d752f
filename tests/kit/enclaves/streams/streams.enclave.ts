import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import type { Duplex } from 'node:stream';
import { connect, createTlsIdentity, defineEnclave, listen, tlsServer } from '@enclos/enclave';
import { pieces } from './pieces.ts';
import { streams } from './streams.edl.ts';

const counts = { accepted: 0, read: 0, written: 0, ended: 0, refused: 0 };
const held: Duplex[] = [];
let stopped = new AbortController();
const identity = createTlsIdentity('streams.test');
const secure = tlsServer(identity);

const manners: Readonly<Record<string, (connection: Duplex) => Promise<void>>> = {
  echo: (connection) => pipeline(connection, connection),
  async answer(connection) {
    let size = 0;
    for await (const chunk of connection.iterator({ destroyOnReturn: false })) size += (chunk as Buffer).length;
    connection.end(String(size));
  },
  async greet(connection) {
    connection.end('hello');
    for await (const chunk of connection) counts.read += (chunk as Buffer).length;
  },
  flood,
  async hold(connection) {
    held.push(connection);
    await once(connection, 'close').finally(() => held.splice(held.indexOf(connection), 1));
  },
  tls: echoSecurely,
  'tls-flood': async (connection) => flood(await secure(connection)),
  async late(connection) {
    while (connection.readableLength === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await echoSecurely(connection);
  },
};

async function flood(connection: Duplex): Promise<void> {
  const chunk = Buffer.alloc(65_536);
  while (!connection.destroyed) {
    counts.written += chunk.length;
    if (!connection.write(chunk)) await once(connection, 'drain');
  }
}

async function echoSecurely(connection: Duplex): Promise<void> {
  const socket = await secure(connection);
  await pipeline(socket, socket);
}

async function serve(listener: string, manner: string): Promise<void> {
  for await (const connection of listen(listener, { signal: stopped.signal })) {
    counts.accepted += 1;
    const over = (): void => void (counts.ended += 1);
    manners[manner]?.(connection).then(over, over);
  }
}

export const application = defineEnclave(streams, {
  // Whoever listens without being told finds out at once.
  serve({ listener, manner }) {
    listen(listener);
    serve(listener, manner).catch(() => void (counts.refused += 1));
  },
  stop() {
    stopped.abort();
    stopped = new AbortController();
  },
  counts() {
    const unread = held.reduce((sum, { readableLength }) => sum + readableLength, 0);
    return { ...counts, read: BigInt(counts.read), unread: BigInt(unread), written: BigInt(counts.written) };
  },
  async exchange({ destination, sizeBytes, seed }) {
    const connection = await connect(destination);
    const [sent, received] = [createHash('sha256'), createHash('sha256')];
    let receivedBytes = 0;
    const reading = (async () => {
      for await (const chunk of connection.iterator({ destroyOnReturn: false })) {
        received.update(chunk as Buffer);
        receivedBytes += (chunk as Buffer).length;
      }
    })();
    // Writing may fail first, and then nothing waits for this.
    reading.catch(() => undefined);
    for (const piece of pieces(sizeBytes, seed)) {
      sent.update(piece);
      if (!connection.write(piece)) await once(connection, 'drain');
    }
    connection.end();
    await reading;
    return { sent: sent.digest(), received: received.digest(), receivedBytes };
  },
  async hold({ destination }) {
    held.push(await connect(destination));
  },
  memory() {
    const { heapUsed, external } = process.memoryUsage();
    return BigInt(heapUsed + external);
  },
  ask: (_, { host }) => host.answer(),
  certificate: () => identity.cert,
});
