import { lookup } from 'node:dns/promises';
import { settledWithin, SharedWork, Turns } from '@enclos/bounded';
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
/** A name server that hangs keeps no one longer from what is known. */
const patienceMs = 250;
/** Each keeps a thread of the host for as long as it takes, and there are four, which also read files. */
const lookupsAtOnce = 2;

/**
 * Where replicas are: each address keeps its place for as long as a name leads to it. This replica is among them; it finds out inside that
 * it has met itself.
 */
export class ReplicaPlaces {
  readonly #options: ReplicaPlacesOptions;
  readonly #places: (NetworkAddress | undefined)[];
  readonly #known = new Map<NetworkAddress, readonly string[]>();
  readonly #resolving = new SharedWork<void>();
  readonly #lookups = new Turns(lookupsAtOnce);
  #resolvedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ReplicaPlacesOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.count }, () => undefined);
  }

  addressAt(place: number): NetworkAddress | undefined {
    return this.#places[place];
  }

  /** The places that have an address now, as bits: as it was known last, while a name server does not answer. */
  async occupied(): Promise<number> {
    const { nowMs } = this.#options;
    if (nowMs() - this.#resolvedAtMs >= resolvedForMs) {
      await settledWithin(
        patienceMs,
        this.#resolving.join(async () => this.#resolveAll()),
      );
    }
    return this.#places.reduce((bits, address, place) => (address === undefined ? bits : bits | (1 << place)), 0);
  }

  async #resolveAll(): Promise<void> {
    const { names, nowMs } = this.#options;
    this.#resolvedAtMs = nowMs();
    await Promise.all(names.map(async (name) => this.#resolve(name)));
  }

  async #resolve(name: NetworkAddress): Promise<void> {
    const { onUnresolved, resolve = systemAddresses } = this.#options;
    try {
      this.#known.set(name, await this.#lookups.take(async () => resolve(name.host)));
    } catch {
      // A name server that is away for a moment does not part replicas.
      onUnresolved(name.host);
    }
    // At once: another name may take long.
    const all = this.#options.names.flatMap((one) =>
      (this.#known.get(one) ?? []).map((host) => ({ host, port: one.port })),
    );
    this.#settle(all);
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
