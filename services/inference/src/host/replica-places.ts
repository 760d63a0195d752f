import { lookup } from 'node:dns/promises';
import type { NetworkAddress } from '@enclos/command-line';

export interface ReplicaPlacesOptions {
  /** Names that each may lead to any number of replicas, such as that of a headless service of Kubernetes. */
  readonly names: readonly NetworkAddress[];
  /** Places that the enclave has a destination for. */
  readonly count: number;
  readonly nowMs: () => number;
  /** All addresses of a name. Default: those of the system. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Hears of a name that has no address now. */
  readonly onUnresolved: (host: string) => void;
}

/** Names are resolved so often, when they are asked for. */
const resolvedForMs = 1000;

/**
 * Where replicas are: each address keeps its place for as long as a name leads to it. This replica is among them; it finds out inside that
 * it has met itself.
 */
export class ReplicaPlaces {
  readonly #options: ReplicaPlacesOptions;
  readonly #places: (NetworkAddress | undefined)[];
  readonly #known = new Map<NetworkAddress, readonly string[]>();
  #resolvedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ReplicaPlacesOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.count }, () => undefined);
  }

  addressAt(place: number): NetworkAddress | undefined {
    return this.#places[place];
  }

  /** The places that have an address now, as bits. */
  async occupied(): Promise<number> {
    const { nowMs } = this.#options;
    if (nowMs() - this.#resolvedAtMs >= resolvedForMs) {
      this.#resolvedAtMs = nowMs();
      this.#settle(await this.#resolveAll());
    }
    return this.#places.reduce((bits, address, place) => (address === undefined ? bits : bits | (1 << place)), 0);
  }

  async #resolveAll(): Promise<readonly NetworkAddress[]> {
    const { names, onUnresolved, resolve = systemAddresses } = this.#options;
    const all = await Promise.all(
      names.map(async (name) => {
        const found = await resolve(name.host).catch(() => {
          onUnresolved(name.host);
          // A name server that is away for a moment does not part replicas.
          return this.#known.get(name) ?? [];
        });
        this.#known.set(name, found);
        return found.map((host) => ({ host, port: name.port }));
      }),
    );
    return all.flat();
  }

  #settle(addresses: readonly NetworkAddress[]): void {
    const left = new Map(addresses.map((address) => [`${address.host} ${address.port}`, address]));
    for (const [place, address] of this.#places.entries()) {
      if (address === undefined) continue;
      const isKept = left.delete(`${address.host} ${address.port}`);
      if (!isKept) this.#places[place] = undefined;
    }
    for (const address of left.values()) {
      const free = this.#places.indexOf(undefined);
      if (free === -1) return;
      this.#places[free] = address;
    }
  }
}

async function systemAddresses(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
