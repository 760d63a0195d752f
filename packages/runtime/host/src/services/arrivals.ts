import { EnclosError } from '@enclos/errors';
import { discard, type HeldConnection } from '@enclos/tee/passing';

/** The most connections that wait while an enclave does not take them; further ones are closed. */
const maxWaitingConnections = 512;

export interface ArrivalEvents {
  /** @param change of the number of connections that wait */
  waiting(change: 1 | -1): void;
  /** A connection was closed because too many wait, or because the system could not accept it. */
  dropped(): void;
}

/** The connections of one listener that the enclave does not have yet, first come, first served. Nothing of them is read. */
export class Arrivals {
  readonly #events: ArrivalEvents;
  readonly #held: HeldConnection[] = [];
  readonly #takers = new Set<(connection: HeldConnection) => void>();
  #push: ((connection: HeldConnection) => boolean) | undefined;

  constructor(events: ArrivalEvents) {
    this.#events = events;
  }

  readonly add = (connection: HeldConnection): void => {
    const [taker] = this.#takers;
    if (taker !== undefined) return taker(connection);
    if (this.#held.length === 0 && this.#push?.(connection) === true) return;
    if (this.#held.length >= maxWaitingConnections) {
      discard(connection);
      return this.#events.dropped();
    }
    this.#held.push(connection);
    this.#events.waiting(1);
  };

  readonly refused = (): void => this.#events.dropped();

  /** The one that waits longest. */
  take(): HeldConnection | undefined {
    const connection = this.#held.shift();
    if (connection !== undefined) this.#events.waiting(-1);
    return connection;
  }

  /** The next connection. @throws GATE_CANCELLED when `signal` aborts first */
  next(signal: AbortSignal): Promise<HeldConnection> {
    return new Promise((resolve, reject) => {
      const held = this.take();
      if (held !== undefined) return resolve(held);
      const stop = (): void => {
        this.#takers.delete(take);
        reject(new EnclosError('GATE_CANCELLED', undefined, { cause: signal.reason }));
      };
      const take = (connection: HeldConnection): void => {
        this.#takers.delete(take);
        signal.removeEventListener('abort', stop);
        resolve(connection);
      };
      this.#takers.add(take);
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
    });
  }

  /** Offers each connection to `push` first, which says whether it took it. */
  pushTo(push: (connection: HeldConnection) => boolean): void {
    this.#push = push;
  }

  /** Closes what waits. */
  close(): void {
    for (let held = this.take(); held !== undefined; held = this.take()) discard(held);
  }
}
