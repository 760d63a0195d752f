import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { duplexPair } from '@enclos/testkit';

/** Two ends of a connection: the enclave's and the other. */
export type ConnectionPair = readonly [inside: Duplex, outside: Duplex];

/** Each kind of connection that an enclave can have, as TLS sees it. */
export const connectionPairs: Readonly<Record<'relayed' | 'passed', () => Promise<ConnectionPair>>> = {
  /** A stream of JavaScript. */
  relayed: async () => duplexPair(),
  /** A socket of the system, as the runtime gives it. */
  passed: socketPair,
};

/** A connection over loopback, half open after an end; the inner end flows once it is read. */
export async function socketPair(): Promise<readonly [inside: Socket, outside: Socket]> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const outside = connect({ port, host: '127.0.0.1', noDelay: true });
  const [inside] = (await once(server, 'connection')) as [Socket];
  server.close();
  Reflect.set(inside, 'readableFlowing', null);
  for (const end of [inside, outside]) end.on('error', () => undefined);
  return [inside, outside];
}
