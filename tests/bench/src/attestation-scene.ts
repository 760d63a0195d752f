import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request, type Agent } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { loadClaimant, quoteFor, signingKey, type Workshop } from '@enclos/process-kit';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { writeSigned } from './harness/signed-folder.ts';

/** A running service, as its clients need it. */
export interface Server {
  readonly port: number;
  readonly ca: string;
}

/** A program of this folder that answers lines with lines. */
export interface Child {
  nextLine(): Promise<string>;
  write(line: string): void;
  /** Ends its input, and waits for its end. */
  close(): Promise<void>;
}

export function start(program: string, ...args: readonly string[]): Child {
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
export async function imageIn(folder: string, project: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { image } = await buildEnclave(await loadProject(project), { outFolder: join(folder, 'out') });
  await writeSigned(folder, { image, signature: signEnclave({ image, key: signingKey('first'), date: new Date() }) });
}

/** A request as Azure's clients send it, whole: header and body. */
export async function attestRequest(
  workshop: Workshop,
  platform: EmbeddedPlatform,
): Promise<{ head: string; body: string }> {
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

export interface Answered {
  readonly status: number;
  /** What the JSON says. */
  readonly body: { readonly token?: string; readonly error?: { readonly code: string; readonly message: string } };
}

/** @param agent for connections that are kept; without one each request makes its own. */
export async function attestBy({ port, ca }: Server, body: string, agent: Agent | false = false): Promise<Answered> {
  const path = '/attest/SgxEnclave?api-version=2022-08-01';
  const headers = { host: `localhost:${port}`, 'content-type': 'application/json' };
  const options = { host: '127.0.0.1', servername: 'localhost', port, ca, path, method: 'POST', headers, agent };
  const sent = request(options);
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  // The service answers each attest call with an object of this shape.
  return { status: response.statusCode ?? 0, body: JSON.parse(text) as Answered['body'] };
}
