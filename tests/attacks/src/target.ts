import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What attempts to reach the network are aimed at. */
export interface Target {
  readonly port: number;
  close(): void;
}

/** A server of HTTP on the loopback interface that answers every request. */
export async function startTarget(): Promise<Target> {
  const server = createServer((_request, response) => response.end('an answer'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server of TCP has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return { port, close: () => void server.close() };
}
