import { EnclosError } from '@enclos/errors';
import type { StreamWatch } from './passed-streams.ts';
import type { Arrivals } from './arrivals.ts';
import { openListeners, type Listener } from './listeners.ts';

/** As many as a manifest may declare. */
const maxPorts = 64;

/** The name, for metrics and errors, of what the manifest of a program need not declare. Ports and hosts are not labels: there is no end of them. */
export const anywhere = 'any';

/** The ports that a program listens on without declaring them, because its manifest lets it. Each is opened when it first asks, and stays. */
export class AnyListeners {
  readonly #open = new Map<number, Promise<Listener>>();
  readonly #host: string;
  readonly #watch: StreamWatch | undefined;

  constructor(host: string, watch: StreamWatch | undefined) {
    this.#host = host;
    this.#watch = watch;
  }

  /** The connections of a port. @throws HOST_LISTEN_FAILED, STREAM_LIMIT */
  async arrivals(port: number): Promise<Arrivals> {
    let listener = this.#open.get(port);
    if (listener === undefined) {
      if (this.#open.size >= maxPorts) {
        throw new EnclosError('STREAM_LIMIT', `${maxPorts} undeclared ports are open, no more are allowed.`);
      }
      listener = this.#listen(port);
      this.#open.set(port, listener);
      listener.catch(() => this.#open.delete(port));
    }
    return (await listener).arrivals;
  }

  async #listen(port: number): Promise<Listener> {
    const events = {
      waiting: (waiting: number) => this.#watch?.backlog(anywhere, { waiting }),
      dropped: () => this.#watch?.backlog(anywhere, { dropped: 1 }),
    };
    const address = { host: this.#host, port };
    const opened = await openListeners([{ name: anywhere, address, passing: undefined, events }]);
    const listener = opened.get(anywhere);
    if (listener === undefined) throw new EnclosError('HOST_LISTEN_FAILED');
    return listener;
  }

  async close(): Promise<void> {
    const listeners = await Promise.allSettled(this.#open.values());
    for (const listener of listeners) if (listener.status === 'fulfilled') await listener.value.close();
  }
}
