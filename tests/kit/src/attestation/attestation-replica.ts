import { readFileSync, writeFileSync } from 'node:fs';
import { request, Agent, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { serviceProjectFolder } from './attestation-service.ts';
import { startProgram, type Ran } from '../processes/programs.ts';
import type { SignedImage } from '../workshop.ts';

/** What replicas have in common. */
export interface ReplicaSite {
  /** In the command line of its hosts, and of nothing else. */
  readonly folder: string;
  readonly signed: SignedImage;
  /** Unix socket of the platform process. */
  readonly platform: string;
  /** attestation.json, as text. */
  readonly configuration: string;
  /** A folder, or postgres:// */
  readonly store: string;
}

export interface ServiceCall {
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** With its query. */
  readonly path: string;
  /** Of the tenant: the Host header is that of its issuer. */
  readonly issuer: string;
  /** An object goes as JSON. */
  readonly body?: object | string;
  /** Bearer token of a manager. */
  readonly token?: string;
  /** Default: 60 000. */
  readonly timeoutMs?: number;
}

export interface ServiceAnswer {
  readonly status: number;
  /** What the JSON says. */
  readonly body: unknown;
}

/** The service's own host program, in a process of its own. */
export interface Replica {
  readonly processId: number;
  readonly port: number;
  readonly adminPort: number;
  /** PEM: what clients trust for TLS. */
  readonly certificate: string;
  readonly ended: Promise<Ran>;
  /** Over TLS. @throws what the connection fails with; Error when there is no answer in time. */
  readonly call: (what: ServiceCall) => Promise<ServiceAnswer>;
  /** By kill -9 of the host; resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** In order. */
  readonly stop: () => Promise<Ran>;
}

const hostProgram = join(serviceProjectFolder, 'dist/src/host.js');
/** Nobody listens there: software evidence needs no source, and other evidence is to find none at once. */
const noSource = 'http://127.0.0.1:9';

/** @param name of its own files in the folder of the site. */
export async function startReplica(site: ReplicaSite, name: string): Promise<Replica> {
  const file = (suffix: string): string => join(site.folder, `${name}.${suffix}`);
  writeFileSync(file('image'), site.signed.image);
  writeFileSync(file('signature'), site.signed.signature);
  writeFileSync(file('json'), site.configuration);
  const options = {
    configuration: file('json'),
    store: site.store,
    listen: '127.0.0.1:0',
    admin: '127.0.0.1:0',
    collateral: noSource,
    certificate: file('pem'),
    audit: file('audit'),
  };
  const args = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
  const running = startProgram([process.execPath, hostProgram, ...args], {
    cwd: site.folder,
    env: {
      ENCLOS_PLATFORM: site.platform,
      ENCLOS_IMAGE: file('image'),
      ENCLOS_SIGNATURE: file('signature'),
      ENCLOS_ISOLATION: 'best',
    },
  });
  const { child, ended } = running;
  const [line] = await running.until(/^.*"event":"listening".*$/m).catch(async (error: unknown) => {
    const { stdout } = await ended;
    throw new Error(`The replica did not start: ${stdout}`, { cause: error });
  });
  const { port, adminPort } = JSON.parse(line) as { readonly port: number; readonly adminPort: number };
  const certificate = readFileSync(file('pem'), 'utf8');
  const { call, close } = openCaller({ port, certificate });
  void ended.then(close);
  return {
    processId: child.pid ?? 0,
    port,
    adminPort,
    certificate,
    ended,
    call,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** Calls a service at a port of this machine, over connections that are kept. */
export function openCaller({ port, certificate }: { readonly port: number; readonly certificate: string }): {
  readonly call: Replica['call'];
  readonly close: () => void;
} {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    call: (what) => callOver({ agent, port, ca: certificate }, what),
    close: () => agent.destroy(),
  };
}

function callOver(
  connection: Pick<RequestOptions, 'agent' | 'port' | 'ca'>,
  what: ServiceCall,
): Promise<ServiceAnswer> {
  const { method = 'GET', path, issuer, body, token, timeoutMs = 60_000 } = what;
  const { host, hostname } = new URL(issuer);
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const headers = {
    host,
    ...(text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }),
    ...(text === undefined ? {} : { 'content-type': typeof body === 'object' ? 'application/json' : 'text/plain' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const options = { ...connection, host: '127.0.0.1', servername: hostname, path, method, headers, signal };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const received = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(received) as unknown });
      });
    });
    sent.once('error', (error) => reject(signal.aborted ? new Error(`No answer to ${path} in time.`) : error));
    sent.end(text);
  });
}
