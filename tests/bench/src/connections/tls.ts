import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { createTlsIdentity } from '@enclos/enclave';
import { serverName, tlsEchoProjectFolder, type Address } from '@enclos/sample-tls-echo';
import { generateSigningKey } from '@enclos/sgx/node';
import { verifyInterpreter } from '@enclos/software-sgx';
import { atLeast, type Figure } from '../harness/figures.ts';
import { writeSigned } from '../harness/signed-folder.ts';
import { placements, placeTree, type Placement } from '../harness/placement.ts';
import { interleave, type Comparison } from '../harness/statistics.ts';

/** Connections, requests of a run, and the bytes of a request and of its answer. The bound is for a server under load. */
const loads = [
  { count: 128, requests: 20_000, sizeBytes: 512, isBound: true },
  { count: 64, requests: 20_000, sizeBytes: 512, isBound: true },
  { count: 16, requests: 20_000, sizeBytes: 512, isBound: false },
  { count: 1, requests: 4000, sizeBytes: 512, isBound: false },
  { count: 64, requests: 4000, sizeBytes: 16_384, isBound: false },
] as const;
const smallestRatio = 0.6;
const handshakes = 100;

/** The same server outside: Node's own, in the enclave's interpreter. Key and certificate come in its argument. */
const plainServer = `
const server = require('node:tls').createServer(JSON.parse(process.argv[1]), (client) => {
  client.on('error', () => undefined);
  client.pipe(client);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

interface Server {
  readonly processId: number;
  readonly address: Address;
  /** The only root that a client needs. */
  readonly certificate: string;
  close(): Promise<void>;
}

function nextLine(lines: Interface): Promise<string> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('A server or a client of the measurement has ended.'));
    lines.once('close', ended).once('line', (line: string) => {
      lines.off('close', ended);
      resolve(line);
    });
  });
}

async function startPlain(): Promise<Server> {
  const { key, cert } = createTlsIdentity(serverName);
  const interpreter = await verifyInterpreter();
  const child = spawn(interpreter.path, ['-e', plainServer, JSON.stringify({ key, cert })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    processId: child.pid ?? 0,
    address: { host: '127.0.0.1', port: Number(await nextLine(createInterface({ input: child.stdout }))) },
    certificate: cert,
    close: async () => void child.kill(),
  };
}

/** The enclave with a host of its own, as it is deployed: this process holds the build tools, and they would weigh on it. */
async function startEnclave(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const { image } = await buildEnclave(await loadProject(tlsEchoProjectFolder), { outFolder: folder });
  const signature = signEnclave({ image, key: generateSigningKey(), date: new Date() });
  await writeSigned(folder, { image, signature });
  const program = fileURLToPath(new URL('../programs/tls-host.js', import.meta.url));
  const child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = JSON.parse(await nextLine(createInterface({ input: child.stdout }))) as Pick<
    Server,
    'address' | 'certificate'
  >;
  return {
    ...said,
    processId: child.pid ?? 0,
    async close() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

interface Client {
  readonly processId: number;
  /** Milliseconds of what was asked for. */
  run(line: string): Promise<number>;
  close(): void;
}

function startClient({ address, certificate }: Server): Client {
  const program = fileURLToPath(new URL('../programs/tls-client.js', import.meta.url));
  const options = JSON.stringify({ ...address, ca: certificate, servername: serverName });
  const child: ChildProcess & { readonly stdout: Readable } = spawn(process.execPath, [program, options], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    processId: child.pid ?? 0,
    async run(line) {
      const answer = nextLine(lines);
      child.stdin?.write(`${line}\n`);
      return Number(await answer);
    },
    close: () => void child.kill(),
  };
}

/**
 * The clients stand for other machines, so a core is theirs, and the servers have the other one, host and enclave
 * together. A scheduler that puts three processes on two cores measures itself: see placement.ts.
 */
function serverPlacements(): readonly Placement[] {
  return placements().filter(({ cores }) => cores === undefined || cores[0] !== cores[1]);
}

/** TLS that ends inside, its bytes relayed by the host, against the same server outside. Connections are kept. */
export async function benchTls(): Promise<readonly Figure[]> {
  const servers = [await startEnclave(), await startPlain()] as const;
  const [inside, outside] = [startClient(servers[0]), startClient(servers[1])];
  const compare = async (line: string): Promise<Comparison> => {
    await inside.run(line);
    await outside.run(line);
    return interleave(
      15,
      () => inside.run(line),
      () => outside.run(line),
    );
  };
  const figures: Figure[] = [];
  for (const { name, cores } of serverPlacements()) {
    for (const { processId } of [inside, outside]) placeTree(processId, cores?.[0]);
    for (const { processId } of servers) placeTree(processId, cores?.[1]);
    const where = cores === undefined ? name : 'clients on their own core';
    for (const { count, requests, sizeBytes, isBound } of loads) {
      const { ours, peer, ratio } = await compare(`${count} ${requests} ${sizeBytes}`);
      const rate = (milliseconds: number): string => `${Math.round(requests / (milliseconds / 1000))} /s`;
      figures.push({
        what: `TLS inside: ${sizeBytes} bytes, ${count} connection${count === 1 ? '' : 's'}, ${where}`,
        ours: rate(ours),
        peer: rate(peer),
        ratio: (1 / ratio).toFixed(2),
        ...(isBound && cores !== undefined ? { bound: atLeast(smallestRatio, 1 / ratio) } : {}),
      });
    }
  }
  const { ours, peer, ratio } = await compare(`handshake ${handshakes}`);
  figures.push({
    what: 'TLS inside: handshake, scheduler chooses',
    ours: `${(ours / handshakes).toFixed(2)} ms`,
    peer: `${(peer / handshakes).toFixed(2)} ms`,
    ratio: (1 / ratio).toFixed(2),
  });
  for (const client of [inside, outside]) client.close();
  for (const server of servers) await server.close();
  return figures;
}
