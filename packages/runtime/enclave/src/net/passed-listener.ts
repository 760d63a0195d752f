import { EnclosError } from '@enclos/errors';
import type { PassageNotice, PassedSocket } from '@enclos/tee/passage';

export interface ListenOptions {
  readonly signal?: AbortSignal | undefined;
  readonly counts?: boolean | undefined;
}

/** A connection of a listener, from its arrival to its end. */
interface AcceptedConnection {
  readonly stream: number;
  readonly socket: PassedSocket;
  /** Whether the host is told how many bytes crossed it. */
  counts: boolean;
  isOver: boolean;
}

/** A reader of the listener's connections. */
interface Taker {
  isOver: boolean;
  /** Ends its waiting, if it waits: with a connection, or with nothing when its listening is over. */
  give: ((connection: AcceptedConnection | undefined) => void) | undefined;
}

export interface PassedListenerOptions {
  /** Its place in the manifest. */
  readonly listener: number;
  /** The most connections at once, those that wait to be taken included. */
  readonly share: number;
  readonly notify: (notice: PassageNotice) => void;
}

/**
 * A listener whose connections are passed. While anyone listens, open connections and the host's credit together are the share.
 *
 * The host gives itself a credit for each connection that ends, but none between a withdrawal and the next grant. Connections
 * that it passed before it read a withdrawal still arrive, and nothing says when they are over. So what may arrive is counted
 * from above, and a connection that a withdrawal made too many is closed, and the credit stated anew.
 */
export class PassedListener {
  readonly #options: PassedListenerOptions;
  /** Connections that have not ended. */
  #open = 0;
  /** Connections that no taker has taken yet. */
  #queue: AcceptedConnection[] = [];
  readonly #takers = new Set<Taker>();
  /** Connections that may still arrive. */
  #expected = 0;
  /** The last word to the host was a grant, so each end is a credit. */
  #isGranted = false;

  constructor(options: PassedListenerOptions) {
    this.#options = options;
  }

  /** The connections. Several readers share them. */
  async *connections({ signal, counts = false }: ListenOptions): AsyncGenerator<PassedSocket, void, undefined> {
    if (signal?.aborted === true) return;
    const taker: Taker = { isOver: false, give: undefined };
    const leave = (): void => this.#leave(taker);
    // At once, not when the reader asks for the next connection: until then the host would pass more.
    signal?.addEventListener('abort', leave);
    this.#takers.add(taker);
    this.#offer();
    try {
      while (!taker.isOver) {
        const connection = this.#queue.shift() ?? (await this.#arrival(taker));
        if (connection === undefined) return;
        connection.counts = counts;
        // One that has already broken would not report it again.
        if (!connection.socket.destroyed) yield connection.socket;
      }
    } finally {
      signal?.removeEventListener('abort', leave);
      leave();
    }
  }

  /** @throws GATE_PROTOCOL_VIOLATION for a connection without a credit. */
  arrived(stream: number, socket: PassedSocket): void {
    if (this.#expected === 0) throw new EnclosError('GATE_PROTOCOL_VIOLATION', 'The host passed more than its credit.');
    this.#expected -= 1;
    const isTooMuch = this.#takers.size === 0 || this.#open >= this.#options.share;
    const connection = { stream, socket, counts: false, isOver: false };
    this.#open += 1;
    if (isTooMuch) return this.#refuse(connection);
    socket.once('close', () => this.#ended(connection));
    for (const taker of this.#takers) {
      if (taker.give === undefined) continue;
      // To the end of the line.
      this.#takers.delete(taker);
      this.#takers.add(taker);
      return taker.give(connection);
    }
    this.#queue.push(connection);
  }

  #arrival(taker: Taker): Promise<AcceptedConnection | undefined> {
    return new Promise((resolve) => {
      taker.give = (connection) => {
        taker.give = undefined;
        resolve(connection);
      };
    });
  }

  #leave(taker: Taker): void {
    if (taker.isOver) return;
    taker.isOver = true;
    this.#takers.delete(taker);
    taker.give?.(undefined);
    if (this.#takers.size > 0) return;
    this.#withdraw();
    for (const connection of this.#queue.splice(0)) this.#drop(connection);
  }

  #refuse(connection: AcceptedConnection): void {
    this.#drop(connection);
    if (!this.#isGranted) return;
    this.#withdraw();
    this.#offer();
  }

  #drop(connection: AcceptedConnection): void {
    this.#ended(connection);
    connection.socket.destroy();
  }

  #ended(connection: AcceptedConnection): void {
    if (connection.isOver) return;
    connection.isOver = true;
    const { stream, socket, counts } = connection;
    this.#open -= 1;
    const [bytesRead, bytesWritten] = counts ? [BigInt(socket.bytesRead), BigInt(socket.bytesWritten)] : [0n, 0n];
    this.#options.notify({ kind: 'accepted-ended', stream, bytesRead, bytesWritten });
    if (this.#isGranted) this.#expected += 1;
    else this.#offer();
  }

  /** Grants what is left of the share, unless ends do. */
  #offer(): void {
    const { listener, share, notify } = this.#options;
    const count = share - this.#open;
    if (this.#isGranted || this.#takers.size === 0 || count === 0) return;
    this.#isGranted = true;
    this.#expected += count;
    notify({ kind: 'grant', listener, count });
  }

  #withdraw(): void {
    if (!this.#isGranted) return;
    this.#isGranted = false;
    this.#options.notify({ kind: 'withdraw', listener: this.#options.listener });
  }
}
