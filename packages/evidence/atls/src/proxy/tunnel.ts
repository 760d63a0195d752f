import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { AttestedConnection } from '../connect.ts';
import type { ProxyEvent } from './events.ts';
import { answerRefusal } from './refusal-answer.ts';

export interface TunnelOptions<E extends object> {
  readonly connection: number;
  readonly open: (signal: AbortSignal) => Promise<AttestedConnection<E>>;
  readonly onEvent: (event: ProxyEvent<E>) => void;
  readonly idleTimeoutMs: number;
  readonly maximumConnectionAgeMs: number;
}

/** How long a connection rests before a proxy that ends closes it. */
const restMs = 500;
/** How long a client may take to close, when the server has. */
const lingerMs = 10_000;

/** One client and its attested connection. Each direction buffers what one socket does: the other side is not read meanwhile. */
export class Tunnel<E extends object> {
  /** Resolves when both ends are closed. */
  readonly over: Promise<void>;
  readonly #client: Socket;
  readonly #options: TunnelOptions<E>;
  readonly #abort = new AbortController();
  #server: TLSSocket | undefined;

  constructor(client: Socket, options: TunnelOptions<E>) {
    this.#client = client;
    this.#options = options;
    // For good: a client that breaks its connection must not end the proxy.
    client.on('error', () => undefined);
    this.over = this.#run();
  }

  /** Ends it, unless bytes pass. */
  drain(): void {
    if (this.#server === undefined) this.destroy();
    else this.#client.setTimeout(restMs);
  }

  destroy(): void {
    this.#abort.abort();
    this.#client.destroy();
    this.#server?.destroy();
  }

  async #run(): Promise<void> {
    const { connection, open, onEvent } = this.#options;
    const client = this.#client;
    const closed = closeOf(client);
    try {
      const { socket, evidence, mode } = await open(this.#abort.signal);
      // The client may have left meanwhile.
      if (client.destroyed) return void socket.destroy();
      this.#server = socket;
      onEvent({ type: 'attested', connection, evidence, mode });
      await this.#forward(client, socket);
    } catch (error) {
      if (!this.#abort.signal.aborted) onEvent({ type: 'refused', connection, error });
      await answerRefusal(client, error);
    } finally {
      client.destroy();
      await closed;
      // What a client said to a server that was refused went nowhere.
      const [sentBytes, receivedBytes] = this.#server === undefined ? [0, 0] : [client.bytesRead, client.bytesWritten];
      onEvent({ type: 'closed', connection, sentBytes, receivedBytes });
    }
  }

  async #forward(client: Socket, server: TLSSocket): Promise<void> {
    const { idleTimeoutMs, maximumConnectionAgeMs } = this.#options;
    const end = (): void => void (client.destroy(), server.destroy());
    // What passes in either direction passes the client.
    client.setTimeout(idleTimeoutMs, end);
    const age = setTimeout(end, maximumConnectionAgeMs);
    const over = Promise.all([closeOf(client), closeOf(server)]);
    server.once('close', () => {
      // What the server said last is on its way, unless the connection broke.
      if (!server.readableEnded) return breakOff(client);
      client.setTimeout(lingerMs);
      // So that the end of the client is seen.
      client.resume();
    });
    client.once('close', () => void server.destroy());
    client.pipe(server);
    server.pipe(client);
    await over;
    clearTimeout(age);
  }
}

/** Tells a client of TCP that what it has is not all. Unix sockets have no reset. */
function breakOff(client: Socket): void {
  if (client.remoteAddress === undefined) client.destroy();
  else client.resetAndDestroy();
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
