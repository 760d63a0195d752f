import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { createDispatcher } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { openChannel, quoteChannel } from '@enclos/tee';
import { isListening } from '@enclos/tee/unix-socket';
import { closeServer, type Listening } from './host-listeners.ts';
import { listenPrivately } from './listen-privately.ts';
import type { PlatformServices } from './services.ts';

const maxConnections = 64;

/**
 * Quotes reports for every process that can reach the socket, as `aesmd` does on machines with SGX. Callers need no
 * authentication: a report that this machine's processor did not make for the quoting enclave is refused. A socket that a
 * killed platform left there is removed.
 * @throws PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED
 */
export async function serveQuotes(services: PlatformServices, path: string): Promise<Listening> {
  if (await isListening(path)) {
    throw new EnclosError('PLATFORM_SOCKET_REFUSED', `Another process already listens at ${path}.`);
  }
  await rm(path, { force: true });
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    serveCaller(services, socket);
  });
  server.maxConnections = maxConnections;
  server.on('error', () => undefined);
  await listenPrivately(server, path, 'by-folder');
  return Object.freeze({ close: () => closeServer(server, connections) });
}

function serveCaller({ quotingEnclave, audit }: PlatformServices, stream: Socket): void {
  const handlers = {
    quotingTarget: () => quotingEnclave.targetInfo(),
    quote: ({ report }: { readonly report: Uint8Array }) => quotingEnclave.quote(report),
  };
  const quote = audit?.helperQuotes(handlers.quote) ?? handlers.quote;
  const calls = createDispatcher(quoteChannel.trusted, { ...handlers, quote });
  const endpoint = openChannel({
    stream,
    initiator: false,
    protocol: quoteChannel,
    serve: async (index, payload) => calls(index, payload, undefined),
  });
  endpoint.ready.catch(() => undefined);
}
