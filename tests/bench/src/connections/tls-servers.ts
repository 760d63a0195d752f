import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTlsIdentity } from '@enclos/enclave';
import { verifyInterpreter } from '@enclos/isolation';
import type { StreamTransport } from '@enclos/manifest';
import { serverName, tlsEchoProjectFolder, type Address } from '@enclos/sample-tls-echo';
import { start, startWith, type Child } from '../harness/child.ts';
import { imageIn } from '../harness/enclave-image.ts';

/** A server of TLS in processes of its own, below one. */
export interface TlsServer {
  readonly processId: number;
  readonly address: Address;
  /** The only root that a client needs. */
  readonly certificate: string;
  close(): Promise<void>;
}

/** Node's own server, outside, in the interpreter of enclaves. */
export async function startOutside(): Promise<TlsServer> {
  const { key, cert } = createTlsIdentity(serverName);
  const { path } = await verifyInterpreter();
  const child = startWith(path, 'programs/tls-outside.js', JSON.stringify({ key, cert }));
  const address = { host: '127.0.0.1', port: Number(await child.nextLine()) };
  return { processId: child.processId, address, certificate: cert, close: () => child.close() };
}

/** The same in an enclave, whose host has a process of its own, as when deployed: this process holds the build tools. */
export async function startInside(transport: StreamTransport): Promise<TlsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  await imageIn(folder, tlsEchoProjectFolder, transport);
  const child = start('programs/tls-host.js', folder);
  const said = JSON.parse(await child.nextLine()) as Pick<TlsServer, 'address' | 'certificate'>;
  return {
    ...said,
    processId: child.processId,
    async close() {
      await child.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** A client of one server. */
export interface TlsClient {
  readonly processId: number;
  /** Milliseconds of what was asked for. */
  run(line: string): Promise<number>;
  close(): Promise<void>;
}

/** @param servername the name in the certificate of the server */
export function startClient(
  { address, certificate }: Pick<TlsServer, 'address' | 'certificate'>,
  servername: string = serverName,
): TlsClient {
  const options = JSON.stringify({ ...address, ca: certificate, servername });
  const child: Child = start('programs/tls-client.js', options);
  return {
    processId: child.processId,
    async run(line) {
      child.write(line);
      return Number(await child.nextLine());
    },
    close: () => child.close(),
  };
}
