import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signEnclave } from '@enclos/build';
import { utf8 } from '@enclos/codec';
import {
  interfaceDigest,
  layOutImage,
  programInterface,
  type ProgramManifest,
  type StreamTransport,
} from '@enclos/manifest';
import { signingKey, type SignedImage } from '@enclos/process-kit';

/** What the host of the probe offers: destinations and folders. */
export interface ProbeHost {
  readonly mounts: Readonly<Record<string, string>>;
  readonly connect: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  /** The content of a file in the folder that is mounted at /data. */
  data(name: string): string;
  close(): Promise<void>;
}

const mebibyte = 1024n * 1024n;

/** What enclave.json would say. */
export function probeManifest(transport: StreamTransport): ProgramManifest {
  return {
    name: 'probe',
    productId: 1,
    securityVersion: 1,
    debug: false,
    threads: 4,
    heapSizeBytes: 256n * mebibyte,
    interfaceDigest: interfaceDigest(programInterface),
    program: {
      architecture: process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64',
      network: 'declared',
      arguments: [],
      output: 'log',
    },
    environment: [{ name: 'MODE', value: 'probe' }, { name: 'TMPDIR', value: '/memory' }, { name: 'FROM_HOST' }],
    trustedFiles: [],
    mounts: [
      { target: '/data', kind: 'host', readOnly: false, maxBytes: 2n * mebibyte },
      { target: '/memory', kind: 'memory', readOnly: false, maxBytes: mebibyte },
      { target: '/readonly', kind: 'host', readOnly: true, maxBytes: mebibyte },
    ],
    listen: [
      { name: 'https', port: 8080, transport },
      { name: 'echo', port: 8090, transport },
    ],
    connect: [
      { name: 'peer', host: 'peer.example', port: 8081, transport },
      { name: 'address', host: '203.0.113.9', port: 8082, transport },
      { name: 'closed', host: 'closed.example', port: 8083, transport },
      { name: 'peer-tls', host: 'peer.example', port: 8443, transport },
    ],
    limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 64, maxPendingCalls: 64, maxDepth: 4 },
  };
}

/** The image of the probe, signed. */
export function probeImage(program: string, manifest: ProgramManifest): SignedImage {
  const files = [
    { path: '/config.txt', content: utf8('embedded\n') },
    { path: '/memory/seed.txt', content: utf8('seed') },
  ];
  const image = layOutImage({ manifest, bundle: readFileSync(program), files });
  return { image, signature: signEnclave({ image, key: signingKey('first'), date: new Date('2026-06-01') }) };
}

/** @param tls a TLS server that echoes, as the destination `peer-tls` */
export async function createProbeHost(tls: AddressInfo): Promise<ProbeHost> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-go-probe-'));
  const [data, readOnly] = [join(folder, 'data'), join(folder, 'readonly')];
  mkdirSync(join(data, 'folder/sub'), { recursive: true });
  mkdirSync(readOnly);
  writeFileSync(join(data, 'in.txt'), 'from the host\n');
  writeFileSync(join(data, 'folder/a.txt'), 'a');
  writeFileSync(join(data, 'folder/sub/b.txt'), 'b');
  writeFileSync(join(readOnly, 'in.txt'), 'fixed');
  const large = new Uint8Array(1_000_000);
  large.set([1, 2, 3, 4], large.length - 4);
  writeFileSync(join(data, 'large.bin'), large);
  symlinkSync('/etc/passwd', join(data, 'out-link'));
  const http = await listening(webServer());
  const closed = await listening(createTcpServer());
  closed.server.close();
  return {
    mounts: { '/data': data, '/readonly': readOnly },
    connect: {
      peer: http.address,
      address: http.address,
      closed: closed.address,
      'peer-tls': { host: '127.0.0.1', port: tls.port },
    },
    data: (name) => readFileSync(join(data, name), 'utf8'),
    async close() {
      http.server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function webServer(): Server {
  return createServer((request, response) => {
    if (request.url === '/large') return void response.end(Buffer.alloc(4 << 20));
    if (request.url !== '/count') return void response.end('hello');
    let count = 0;
    request.on('data', (piece: Buffer) => (count += piece.length));
    request.on('end', () => response.end(String(count)));
  });
}

async function listening<S extends TcpServer>(
  server: S,
): Promise<{ server: S; address: { host: string; port: number } }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address that is not text.
  const { port } = server.address() as AddressInfo;
  return { server, address: { host: '127.0.0.1', port } };
}
