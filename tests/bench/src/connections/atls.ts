import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import {
  attestedConnect,
  createAttestedServer,
  createClientIdentity,
  quoteAppraiser,
  type Appraiser,
  type Mode,
} from '@enclos/atls';
import { parseCollateral } from '@enclos/attestation';
import { createTlsIdentity } from '@enclos/enclave';
import { atMost, type Figure } from '../harness/figures.ts';
import type { Scene } from '../scene.ts';
import { median, time } from '../harness/statistics.ts';

const connections = 200;
const largestAddedMs = 3;

interface Way {
  /** Opens a connection, and waits for the answer to a first byte. */
  readonly run: () => Promise<void>;
  readonly close: () => void;
}

/** A server of this process, on a port of its own. */
export async function listening(
  serve: (socket: Duplex) => void,
): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer({ noDelay: true }, (socket) => serve(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

async function firstByte(socket: TLSSocket): Promise<void> {
  socket.write('x');
  await once(socket, 'data');
  socket.destroy();
}

/** TLS 1.3 with a certificate on both sides. */
async function plainWay(): Promise<Way> {
  const [server, client] = [createTlsIdentity('localhost'), createTlsIdentity('client')];
  const secureContext = createSecureContext({ ...server, ca: client.cert, minVersion: 'TLSv1.3' });
  const own = createSecureContext({ ...client, ca: server.cert, minVersion: 'TLSv1.3' });
  const { port, close } = await listening((connection) => {
    const socket = new TLSSocket(connection, { isServer: true, secureContext, requestCert: true });
    socket.on('error', () => undefined).pipe(socket);
  });
  const run = async (): Promise<void> => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', secureContext: own });
    socket.setNoDelay(true);
    await once(socket, 'secureConnect');
    await firstByte(socket);
  };
  return { run, close };
}

type QuoteOf = (reportData: Uint8Array) => Promise<Uint8Array>;

async function attestedWay(
  mode: Mode,
  { evidence, appraise }: { evidence: QuoteOf; appraise: Appraiser },
): Promise<Way> {
  const clients = { appraise, leastMode: mode };
  const server = await createAttestedServer({ name: 'localhost', evidence, clients });
  const identity = await createClientIdentity({ name: 'client', evidence });
  const { port, close } = await listening((connection) => {
    void server.accept(connection).then(({ socket }) => socket.pipe(socket));
  });
  const run = async (): Promise<void> => {
    const { socket } = await attestedConnect({ host: '127.0.0.1', port, appraise, identity, leastMode: mode });
    await firstByte(socket);
  };
  return { run, close };
}

/** Both sides attested, by quotes of an enclave, against TLS with two certificates. Both ends are in this process. */
export async function benchAtls(scene: Scene): Promise<readonly Figure[]> {
  const enclave = await scene.load();
  const { root, policy } = await scene.trust();
  const collateral = parseCollateral(await scene.platform.endorsements());
  const evidence: QuoteOf = (reportData) => enclave.call.quoteReportData({ reportData });
  const appraise = quoteAppraiser({
    roots: [root],
    endorsements: () => collateral,
    policy,
  });
  const ways = [
    await plainWay(),
    await attestedWay('cached', { evidence, appraise }),
    await attestedWay('fresh', { evidence, appraise }),
  ] as const;
  const samples: readonly number[][] = ways.map(() => []);
  for (let i = -10; i < connections; i++) {
    for (const [at, way] of ways.entries()) {
      const taken = await time(way.run);
      if (i >= 0) samples[at]?.push(taken);
    }
  }
  for (const way of ways) way.close();
  await enclave.dispose();
  const [plain = Number.NaN, cached = Number.NaN, fresh = Number.NaN] = samples.map(median);
  const figure = (mode: Mode, value: number): Figure => ({
    what: `attested TLS, both sides ${mode}: to the first byte, mutual TLS 1.3`,
    ours: `${value.toFixed(2)} ms`,
    peer: `${plain.toFixed(2)} ms`,
    ratio: `+${(value - plain).toFixed(2)} ms`,
  });
  return [
    { ...figure('cached', cached), bound: atMost(largestAddedMs, cached - plain, ' ms more') },
    figure('fresh', fresh),
  ];
}
