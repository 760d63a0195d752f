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
import { loadTlsEcho, serverName, tlsEchoProjectFolder, type Address } from '@enclos/sample-tls-echo';
import { generateSigningKey } from '@enclos/sgx/node';
import { verifyInterpreter } from '@enclos/software-sgx';
import { atLeast, type Figure } from './figures.ts';
import type { Scene } from './scene.ts';
import { interleave } from './statistics.ts';

/** Connections, and the bytes of a request and of its answer. */
const loads = [
  [1, 512],
  [16, 512],
  [64, 512],
  [64, 16_384],
] as const;
const smallestRatio = 0.6;
const requests = 2000;
const handshakes = 100;

/** The same server outside: Node's own, in the enclave's interpreter. Key and certificate come in its argument. */
const plainServer = `
const server = require('node:tls').createServer(JSON.parse(process.argv[1]), (client) => {
  client.on('error', () => undefined);
  client.pipe(client);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

interface Server {
  readonly address: Address;
  /** The only root that a client needs. */
  readonly certificate: string;
  close(): Promise<void>;
}

async function nextLine(lines: Interface): Promise<string> {
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}

async function startPlain(): Promise<Server> {
  const { key, cert } = createTlsIdentity(serverName);
  const interpreter = await verifyInterpreter();
  const child = spawn(interpreter.path, ['-e', plainServer, JSON.stringify({ key, cert })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    address: { host: '127.0.0.1', port: Number(await nextLine(createInterface({ input: child.stdout }))) },
    certificate: cert,
    close: async () => void child.kill(),
  };
}

async function startEnclave({ platform }: Scene): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const { image } = await buildEnclave(await loadProject(tlsEchoProjectFolder), { outFolder: folder });
  const signature = signEnclave({ image, key: generateSigningKey(), date: new Date() });
  const enclave = await loadTlsEcho({ image, signature, launcher: platform, echo: { port: 0 } });
  const { host = '', port = 0 } = enclave.listeners['echo'] ?? {};
  const { certificate } = await enclave.call.evidence({ nonce: new Uint8Array(32) });
  return {
    address: { host, port },
    certificate,
    async close() {
      await enclave.dispose();
      await rm(folder, { recursive: true });
    },
  };
}

interface Client {
  /** Milliseconds of what was asked for. */
  run(line: string): Promise<number>;
  close(): void;
}

function startClient({ address, certificate }: Server): Client {
  const program = fileURLToPath(new URL('tls-client.js', import.meta.url));
  const options = JSON.stringify({ ...address, ca: certificate, servername: serverName });
  const child: ChildProcess & { readonly stdout: Readable } = spawn(process.execPath, [program, options], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    async run(line) {
      const answer = nextLine(lines);
      child.stdin?.write(`${line}\n`);
      return Number(await answer);
    },
    close: () => void child.kill(),
  };
}

/** TLS that ends inside, its bytes relayed by the host, against the same server outside. Connections are kept. */
export async function benchTls(scene: Scene): Promise<readonly Figure[]> {
  const servers = [await startEnclave(scene), await startPlain()] as const;
  const [inside, outside] = [startClient(servers[0]), startClient(servers[1])];
  const compare = async (line: string): ReturnType<typeof interleave> => {
    await inside.run(line);
    await outside.run(line);
    return interleave(
      21,
      () => inside.run(line),
      () => outside.run(line),
    );
  };
  const figures: Figure[] = [];
  for (const [count, sizeBytes] of loads) {
    const { ours, peer, ratio } = await compare(`${count} ${requests} ${sizeBytes}`);
    const rate = (milliseconds: number): string => `${Math.round(requests / (milliseconds / 1000))} /s`;
    figures.push({
      what: `TLS inside: ${sizeBytes} bytes, ${count} connection${count === 1 ? '' : 's'}, plain Node server outside`,
      ours: rate(ours),
      peer: rate(peer),
      ratio: (1 / ratio).toFixed(2),
      bound: atLeast(smallestRatio, 1 / ratio),
    });
  }
  const { ours, peer, ratio } = await compare(`handshake ${handshakes}`);
  figures.push({
    what: 'TLS inside: handshake, plain Node server outside',
    ours: `${(ours / handshakes).toFixed(2)} ms`,
    peer: `${(peer / handshakes).toFixed(2)} ms`,
    ratio: (1 / ratio).toFixed(2),
  });
  for (const client of [inside, outside]) client.close();
  for (const server of servers) await server.close();
  return figures;
}
