import type { Server, Socket } from 'node:net';
import type { PeerStream } from '@enclos/http';

/** The connections of a server of node:net, as `listen` of an enclave gives those of a listener. */
export async function* peersOf(server: Server): AsyncGenerator<PeerStream> {
  const waiting: Socket[] = [];
  let wake = (): void => undefined;
  server.on('connection', (socket) => {
    waiting.push(socket);
    wake();
  });
  for (;;) {
    const socket = waiting.shift();
    // A connection that was accepted has an address.
    if (socket !== undefined) yield socket as Socket & { readonly remoteAddress: string };
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}
