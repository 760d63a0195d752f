import { EnclosError } from '@enclos/errors';
import { loopbackAddress, type StreamAddress } from './addresses.ts';
import type { StreamWatch } from './passed-streams.ts';
import type { Arrivals } from './arrivals.ts';
import { openListeners, type Listener } from './listeners.ts';

/** As many as a manifest may declare. */
const maxPorts = 64;

/** The name, for metrics and errors, of what the manifest of a program need not declare. Ports and hosts are not labels: there is no end of them. */
export const anywhere = 'any';

export interface AnyPort {
  readonly port: number;
  /** The program listens at a loopback address. */
  readonly isLocal: boolean;
}

/** Reads what a program asks for: `* 8080` or `localhost 8080`. */
export function readAnyPort(listener: string): AnyPort | undefined {
  const [, where, digits] = /^(\*|localhost) ([1-9]\d{0,4})$/.exec(listener) ?? [];
  const port = Number(digits);
  return port <= 65_535 ? { port, isLocal: where === 'localhost' } : undefined;
}

/** The ports that a program listens on without declaring them, because its manifest lets it. Each is opened when it first asks, and stays. */
export class AnyListeners {
  readonly #open = new Map<string, Promise<Listener>>();
  readonly #host: string;
  readonly #watch: StreamWatch | undefined;
  #isClosed = false;

  constructor(host: string, watch: StreamWatch | undefined) {
    this.#host = host;
    this.#watch = watch;
  }

  /** The connections of a port, at the address of this host's listeners or for clients on this machine. @throws HOST_LISTEN_FAILED, STREAM_BROKEN, STREAM_LIMIT */
  async arrivals({ port, isLocal }: AnyPort): Promise<Arrivals> {
    // A call that was under way when its enclave ended would leave a port open.
    if (this.#isClosed) throw new EnclosError('STREAM_BROKEN');
    const host = isLocal ? loopbackAddress : this.#host;
    const key = `${host} ${port}`;
    let listener = this.#open.get(key);
    if (listener === undefined) {
      if (this.#open.size >= maxPorts) {
        throw new EnclosError('STREAM_LIMIT', `${maxPorts} undeclared ports are open, no more are allowed.`);
      }
      listener = this.#listen({ host, port });
      this.#open.set(key, listener);
      listener.catch(() => this.#open.delete(key));
    }
    return (await listener).arrivals;
  }

  async #listen(address: StreamAddress): Promise<Listener> {
    const events = {
      waiting: (waiting: number) => this.#watch?.backlog(anywhere, { waiting }),
      dropped: () => this.#watch?.backlog(anywhere, { dropped: 1 }),
    };
    const opened = await openListeners([{ name: anywhere, address, passing: undefined, events }]);
    const listener = opened.get(anywhere);
    if (listener === undefined) throw new EnclosError('HOST_LISTEN_FAILED');
    return listener;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const listeners = await Promise.allSettled(this.#open.values());
    for (const listener of listeners) if (listener.status === 'fulfilled') await listener.value.close();
  }
}
