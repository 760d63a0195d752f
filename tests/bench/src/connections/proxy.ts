import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { attestedConnect, createAttestedServer, policyAppraiser, type Appraiser } from '@enclos/atls';
import { enclosBin, startProgram } from '@enclos/process-kit/processes/programs';
import { atLeast, atMost, type Figure } from '../harness/figures.ts';
import { interleave, medianCallMicros, time } from '../harness/statistics.ts';
import type { Scene } from '../scene.ts';
import { listening } from './atls.ts';
import { exchange } from './exchange.ts';

const bulkBytes = 64 * 1024 * 1024;
const smallestBulkRatio = 0.4;
const largestAddedMicros = 500;
const rounds = 15;
const exchanges = 300;

/** A connection by the library, or to the proxy. */
type Open = () => Promise<Duplex>;

/** Answers 512 bytes with as many; a request that begins with `b`, with `bulkBytes`. */
function serveBytes(socket: Duplex): void {
  const piece = Buffer.alloc(65_536);
  socket.on('data', (chunk: Buffer) => {
    if (chunk[0] !== 0x62) return void socket.write(chunk);
    let left = bulkBytes;
    const send = (): void => {
      while (left > 0) {
        left -= piece.length;
        if (!socket.write(piece)) return void socket.once('drain', send);
      }
    };
    send();
  });
}

const small = Buffer.alloc(512, 'a');

/** `enclos proxy` in its own process, against the library in this one, and a server here. */
export async function benchProxy(scene: Scene): Promise<readonly Figure[]> {
  const enclave = await scene.load();
  const { policy } = await scene.trust();
  const endorsements = await scene.platform.endorsements();
  const server = await createAttestedServer({
    name: 'localhost',
    evidence: async (reportData) => ({ quote: await enclave.call.quoteReportData({ reportData }), endorsements }),
  });
  const { port, close } = await listening((connection) => {
    void server.accept(connection).then(({ socket }) => serveBytes(socket));
  });
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-proxy-'));
  await writeFile(join(folder, 'policy.json'), JSON.stringify(policy));
  const argv = ['proxy', `127.0.0.1:${port}`, '--policy', 'policy.json', '--listen', '127.0.0.1:0'];
  const proxy = startProgram([process.execPath, enclosBin, ...argv], { cwd: folder });
  const [, proxyPort = ''] = await proxy.until(/listening at http:\/\/127\.0\.0\.1:(\d+) /);
  try {
    return await measured(byProxy(Number(proxyPort)), byLibrary(port, policyAppraiser({ policy })));
  } finally {
    proxy.child.kill('SIGTERM');
    await proxy.ended;
    close();
    await enclave.dispose();
    await rm(folder, { recursive: true });
  }
}

function byProxy(port: number): Open {
  return async () => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return socket;
  };
}

function byLibrary(port: number, appraise: Appraiser): Open {
  return async () => (await attestedConnect({ host: '127.0.0.1', port, appraise })).socket;
}

async function measured(ours: Open, peer: Open): Promise<readonly Figure[]> {
  const first = (open: Open) => (): Promise<number> =>
    time(async () => {
      const socket = await open();
      await exchange(socket, small);
      socket.destroy();
    });
  const opening = await interleave(2 * rounds, first(ours), first(peer));
  const [through, direct] = [await ours(), await peer()];
  const asked = (socket: Duplex) => (): Promise<number> => medianCallMicros(exchanges, () => exchange(socket, small));
  const asking = await interleave(rounds, asked(through), asked(direct));
  const taken = (socket: Duplex) => (): Promise<number> => time(() => exchange(socket, Buffer.from('b'), bulkBytes));
  const taking = await interleave(rounds, taken(through), taken(direct));
  for (const socket of [through, direct]) socket.destroy();
  const rate = (milliseconds: number): string => `${Math.round(bulkBytes / 1e6 / (milliseconds / 1000))} MB/s`;
  const added = asking.ours - asking.peer;
  return [
    {
      what: 'proxy: fresh connection to the first answer; peer the library',
      ours: `${opening.ours.toFixed(1)} ms`,
      peer: `${opening.peer.toFixed(1)} ms`,
      ratio: opening.ratio.toFixed(2),
    },
    {
      what: 'proxy: 512 bytes there and back; peer the library',
      ours: `${asking.ours.toFixed(0)} µs`,
      peer: `${asking.peer.toFixed(0)} µs`,
      ratio: asking.ratio.toFixed(2),
      bound: atMost(largestAddedMicros, added, ' µs more'),
    },
    {
      what: 'proxy: 64 MiB to the client; peer the library',
      ours: rate(taking.ours),
      peer: rate(taking.peer),
      ratio: (1 / taking.ratio).toFixed(2),
      bound: atLeast(smallestBulkRatio, 1 / taking.ratio),
    },
  ];
}
