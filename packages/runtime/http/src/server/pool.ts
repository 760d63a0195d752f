import { isEnclosError } from '@enclos/errors';
import type { PeerStream } from '../types.ts';
import { HttpConnection, type Secure } from './connection.ts';
import type { Server } from './session.ts';

/** The connections of one server. */
export class ConnectionPool {
  readonly #server: Server;
  readonly #secure: Secure;
  /** In the order of arrival. */
  readonly #open = new Set<HttpConnection>();
  #drainingSince: number | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(server: Server, secure: Secure) {
    this.#server = server;
    this.#secure = secure;
  }

  add(connection: PeerStream): void {
    if (this.#open.size >= this.#server.limits.maxConnections && !this.#makeRoom()) return void connection.destroy();
    const added: HttpConnection = new HttpConnection(this.#server, connection, () => this.#closed(added));
    this.#open.add(added);
    added.start(this.#secure).catch((error: unknown) => {
      // A client that breaks its handshake is not a fault of the server.
      if (!isFailedHandshake(error)) this.#server.onError(error);
      added.destroy();
    });
  }

  sweep(): void {
    const now = this.#server.now();
    const { drainTimeoutMs } = this.#server.limits;
    const isOver = this.#drainingSince !== undefined && now - this.#drainingSince > drainTimeoutMs;
    for (const connection of this.#open) {
      if (isOver) connection.destroy();
      else connection.sweep(now);
    }
  }

  drain(): void {
    this.#drainingSince = this.#server.now();
    this.#server.isDraining = true;
    for (const connection of this.#open) connection.drain();
  }

  empty(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  /** Makes room for a new connection: clients that connect without asking for anything must not keep others out. */
  #makeRoom(): boolean {
    const now = this.#server.now();
    let first: HttpConnection | undefined;
    let highest = -1;
    for (const connection of this.#open) {
      const claim = connection.claimToGo(now);
      if (claim !== undefined && claim > highest) [first, highest] = [connection, claim];
    }
    first?.destroy();
    return first !== undefined;
  }

  #closed(connection: HttpConnection): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#onEmpty?.();
  }
}

/** Whether a client did not complete the TLS handshake. A package on a higher floor declares this code. */
function isFailedHandshake(error: unknown): boolean {
  if (!isEnclosError(error)) return false;
  const code: string = error.code;
  return code === 'STREAM_HANDSHAKE_FAILED';
}
