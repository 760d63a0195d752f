import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { request } from 'node:https';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import {
  createWorkshop,
  loadClaimant,
  quoteFor,
  serviceProjectFolder,
  signingKey,
  type Workshop,
} from '@enclos/integration-tests';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { freePort } from '@enclos/testkit';
import { atLeast, type Figure } from './figures.ts';
import { writeSigned } from './signed-folder.ts';
import { interleave } from './statistics.ts';

const connections = 16;
const requests = 1000;
const rounds = 15;
const smallestRatio = 0.6;

interface Server {
  readonly port: number;
  readonly ca: string;
}

interface Child {
  nextLine(): Promise<string>;
  write(line: string): void;
  /** Ends its input, and waits for its end. */
  close(): Promise<void>;
}

function start(program: string, ...args: readonly string[]): Child {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const child: ChildProcess & { readonly stdout: Readable } = spawn(process.execPath, [path, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async nextLine() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${program} has ended.`);
      return value;
    },
    write: (line) => void child.stdin?.write(`${line}\n`),
    async close() {
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
    },
  };
}

/** Builds an enclave project and signs it, into a folder for its host. */
async function imageIn(folder: string, project: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { image } = await buildEnclave(await loadProject(project), { outFolder: join(folder, 'out') });
  await writeSigned(folder, { image, signature: signEnclave({ image, key: signingKey('first'), date: new Date() }) });
}

/** A request as Azure's clients send it, whole: header and body. */
async function attestRequest(workshop: Workshop, platform: EmbeddedPlatform): Promise<{ head: string; body: string }> {
  const enclave = await loadClaimant(await workshop.signed('claimant'), platform);
  const data = new TextEncoder().encode(
    'what an enclave binds: a public key of some two hundred bytes, mostly. '.repeat(3),
  );
  const quote = await quoteFor(enclave, data);
  await enclave.dispose();
  const body = JSON.stringify({
    quote: Buffer.from(quote).toString('base64url'),
    runtimeData: { data: Buffer.from(data).toString('base64url'), dataType: 'Binary' },
  });
  const head = `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return { head, body };
}

async function tokenOf({ port, ca }: Server, body: string): Promise<string> {
  const path = '/attest/SgxEnclave?api-version=2022-08-01';
  const headers = { host: `localhost:${port}`, 'content-type': 'application/json' };
  const options = { host: '127.0.0.1', servername: 'localhost', port, ca, path, method: 'POST', headers, agent: false };
  const sent = request(options);
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return (JSON.parse(text) as { readonly token: string }).token;
}

/** Warm attestation of SGX over TLS, against the same server that signs the claims of its first token for every request. */
export async function benchAttestation(): Promise<readonly Figure[]> {
  const workshop = createWorkshop();
  const platform = await workshop.startPlatform('bench');
  const children: Child[] = [];
  try {
    const [serviceFolder, peerFolder] = [join(workshop.folder, 'attest'), join(workshop.folder, 'peer')];
    await imageIn(serviceFolder, serviceProjectFolder);
    await imageIn(peerFolder, fileURLToPath(new URL('../../attestation-peer', import.meta.url)));
    const { head, body } = await attestRequest(workshop, platform);

    const clients: Child[] = [];
    const tokens: string[] = [];
    for (const folder of [serviceFolder, peerFolder]) {
      const host = start('attestation-host.js', folder, platform.socketPath, String(await freePort()));
      children.push(host);
      const server = JSON.parse(await host.nextLine()) as Server;
      tokens.push(await tokenOf(server, body));
      const requestFile = join(folder, 'request');
      const line = 'POST /attest/SgxEnclave?api-version=2022-08-01 HTTP/1.1\r\n';
      await writeFile(requestFile, `${line}host: localhost:${server.port}\r\n${head}${body}`);
      clients.push(start('attestation-client.js', JSON.stringify(server), requestFile));
    }
    children.push(...clients);
    const [length = 0] = tokens.map((token) => token.length);
    const each: number[][] = [[], []];
    const run = (which: 0 | 1) => async (): Promise<number> => {
      clients[which]?.write(`${connections} ${requests}`);
      const said = JSON.parse((await clients[which]?.nextLine()) ?? '') as { milliseconds: number; each: number[] };
      each[which]?.push(...said.each);
      return said.milliseconds;
    };
    const { ours, peer: theirs, ratio } = await interleave(rounds, run(0), run(1));
    const rate = (milliseconds: number): string => `${Math.round(requests / (milliseconds / 1000))} /s`;
    const [own = Number.NaN, other = Number.NaN] = each.map((samples) => percentile(samples, 0.99));
    return [
      {
        what: `attest SGX, warm, over TLS, ${connections} connections; the same server, the same claims signed each time (${length} bytes)`,
        ours: rate(ours),
        peer: rate(theirs),
        ratio: (1 / ratio).toFixed(2),
        bound: atLeast(smallestRatio, 1 / ratio),
      },
      {
        what: 'the same, p99 of one request',
        ours: `${own.toFixed(1)} ms`,
        peer: `${other.toFixed(1)} ms`,
        ratio: (own / other).toFixed(2),
      },
    ];
  } finally {
    for (const child of children.reverse()) await child.close();
    await workshop.close();
  }
}

function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
