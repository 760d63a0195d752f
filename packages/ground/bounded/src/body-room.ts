import { peerOf } from './peer-address.ts';

/** How much memory unfinished and unanswered bodies may take, and which of them gives way when memory runs short. */
export interface BodyRoomOptions {
  /** The bound for all bodies together. */
  readonly maxBytes: number;
  /** Half of `maxBytes`, divided by this number, is each body's own room: nothing that others send takes it away. */
  readonly maxBodies: number;
  /** A body that arrives more slowly gives way when another one needs its room. */
  readonly minBytesPerSecond: number;
  /** Milliseconds that only go up. */
  readonly now: () => number;
}

/** Why a body loses its room: it arrived too slowly, or its peer had more bodies under way than others. */
export type BodyEviction = 'slow' | 'crowding';

export interface BodyOwner {
  /** The address that the body comes from, as `peerOf` takes it; empty when it is not known. */
  readonly peer: string;
  /** Called to drop the bytes and stop reading. The room has already been released. */
  readonly onEvicted: (why: BodyEviction) => void;
}

/** The room that one body takes. */
export interface BodyShare {
  /**
   * Asks for room for bytes that have arrived. Other bodies may be evicted for it.
   * @returns false when there is no room; then nothing is taken.
   */
  take(bytes: number): boolean;
  /** The body is whole and in use: it keeps its room until `release`, and is never evicted. */
  complete(): void;
  /** Gives the room back. A second call does nothing. */
  release(): void;
}

export interface BodyRoom {
  /** The bytes of all bodies at this moment. */
  readonly heldBytes: number;
  /** For a body that is about to come. */
  share(owner: BodyOwner): BodyShare;
}

/**
 * The memory for bodies of requests that strangers send. Some room is reserved for each body, so small requests are
 * served whatever the others do. The rest is shared, and given to bodies as their bytes arrive: an announced length takes
 * nothing. When it is used up, slow bodies are evicted, first the one that has been slow for longest; then bodies of the peer
 * that has the most, as long as it has more than the peer that asks, and more than one body. The only body of a peer, if it
 * arrives fast enough, is never evicted, so a body that is nearly whole does not lose to a new one.
 */
export function createBodyRoom(options: BodyRoomOptions): BodyRoom {
  const ledger = new Ledger(options);
  return Object.freeze({
    get heldBytes() {
      return ledger.heldBytes;
    },
    share: (owner: BodyOwner) => new Share(ledger, owner),
  });
}

/** How far a body can get ahead of its rate: one that arrives in a burst and then stops is slow after this time. */
const burstMs = 2000;

/** One peer's use of the shared part. */
interface Peer {
  bytes: number;
  /** In the order in which they first took some of it. */
  readonly bodies: Set<Share>;
}

class Ledger {
  readonly options: BodyRoomOptions;
  readonly #ownBytes: number;
  readonly #maxReserved: number;
  readonly #peers = new Map<string, Peer>();
  #reserved = 0;
  #shared = 0;

  constructor(options: BodyRoomOptions) {
    this.options = options;
    this.#ownBytes = Math.floor(options.maxBytes / 2 / options.maxBodies);
    this.#maxReserved = this.#ownBytes * options.maxBodies;
  }

  get heldBytes(): number {
    return this.#reserved + this.#shared;
  }

  /**
   * @param taken what the body has taken of its own room so far.
   * @returns how many of the bytes fit into its own room. Bodies in use can outlive their connections, so there may be
   *   more than `maxBodies`, and none left for this one.
   */
  reserve(bytes: number, taken: number): number {
    const own = Math.min(bytes, this.#ownBytes - taken, this.#maxReserved - this.#reserved);
    this.#reserved += own;
    return own;
  }

  unreserve(bytes: number): void {
    this.#reserved -= bytes;
  }

  /**
   * Evicts bodies until the bytes fit. Each round frees some of the shared part or is the last, so each other body is visited
   * at most once.
   */
  shareOut(bytes: number, share: Share): boolean {
    const most = this.options.maxBytes - this.#maxReserved;
    if (bytes > most) return false;
    while (this.#shared + bytes > most) {
      const slow = this.#slowest(share);
      const evicted = slow ?? this.#crowding(share, bytes);
      if (evicted === undefined) return false;
      evicted.evict(slow === undefined ? 'crowding' : 'slow');
    }
    this.#shared += bytes;
    const peer = this.#peers.get(share.peer) ?? { bytes: 0, bodies: new Set() };
    peer.bytes += bytes;
    peer.bodies.add(share);
    this.#peers.set(share.peer, peer);
    return true;
  }

  takeBack(bytes: number, share: Share): void {
    this.#shared -= bytes;
    const peer = this.#peers.get(share.peer);
    if (peer?.bodies.delete(share) !== true) return;
    peer.bytes -= bytes;
    if (peer.bodies.size === 0) this.#peers.delete(share.peer);
  }

  /** The body that has been slow for longest. */
  #slowest(asking: Share): Share | undefined {
    let slowest: Share | undefined;
    let since = this.options.now();
    for (const { bodies } of this.#peers.values()) {
      for (const share of bodies) {
        if (share === asking || share.isComplete || share.paidUntil >= since) continue;
        [slowest, since] = [share, share.paidUntil];
      }
    }
    return slowest;
  }

  /** The newest body of the peer that takes the most: the older ones are nearer to their end. */
  #crowding(asking: Share, bytes: number): Share | undefined {
    // A peer without an address may be any of the others.
    if (asking.peer === '') return undefined;
    let most = (this.#peers.get(asking.peer)?.bytes ?? 0) + bytes;
    let newest: Share | undefined;
    for (const [name, peer] of this.#peers) {
      if (name === '' || name === asking.peer || peer.bytes <= most || peer.bodies.size < 2) continue;
      const candidate = [...peer.bodies].findLast((share) => !share.isComplete);
      if (candidate !== undefined) [newest, most] = [candidate, peer.bytes];
    }
    return newest;
  }
}

class Share implements BodyShare {
  readonly #ledger: Ledger;
  readonly #owner: BodyOwner;
  #peer: string | undefined;
  #own = 0;
  #shared = 0;
  #isOver = false;
  isComplete = false;
  /** Until this time the body counts as fast enough, whether or not more arrives. Counted from the first byte. */
  paidUntil = Number.POSITIVE_INFINITY;

  constructor(ledger: Ledger, owner: BodyOwner) {
    this.#ledger = ledger;
    this.#owner = owner;
  }

  /** Computed only for bodies that take some of the shared part: most do not. */
  get peer(): string {
    return (this.#peer ??= peerOf(this.#owner.peer));
  }

  take(bytes: number): boolean {
    if (this.#isOver) return false;
    this.#pay(bytes);
    const own = this.#ledger.reserve(bytes, this.#own);
    const shared = bytes - own;
    if (shared > 0 && !this.#ledger.shareOut(shared, this)) {
      this.#ledger.unreserve(own);
      return false;
    }
    this.#own += own;
    this.#shared += shared;
    return true;
  }

  complete(): void {
    this.isComplete = true;
  }

  release(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ledger.unreserve(this.#own);
    if (this.#shared > 0) this.#ledger.takeBack(this.#shared, this);
  }

  evict(why: BodyEviction): void {
    this.release();
    this.#owner.onEvicted(why);
  }

  #pay(bytes: number): void {
    const { minBytesPerSecond, now } = this.#ledger.options;
    // Lateness is not forgiven: a single byte now and then does not make a body fast.
    this.paidUntil = Math.min(now() + burstMs, this.paidUntil + (bytes / minBytesPerSecond) * 1000);
  }
}
