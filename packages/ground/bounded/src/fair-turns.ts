export interface FairTurnsBounds {
  /** Pieces of work that run at once. */
  readonly atOnce: number;
  /** How many of them may be those of one peer. */
  readonly atOnceOfPeer: number;
  /** Pieces that wait, of all peers together. */
  readonly waiting: number;
  /** How many of them may be those of one peer. */
  readonly waitingOfPeer: number;
}

/** What waits for its turn. */
export interface FairWork {
  /** Runs it. Whether it fails says nothing to others. */
  begin(): Promise<void>;
  /** Told that it lost its place to a peer that has less. It does not begin. */
  displaced(): void;
}

interface Peer {
  running: number;
  /** In the order of arrival. */
  readonly waiting: Set<FairWork>;
}

/**
 * Runs work of many peers, a few pieces at once. Peers take turns, however much one of them asks for: it waits for its own work, and
 * others wait for one piece of its, not for all. When no more may wait, the peer that has the most waiting loses its newest piece
 * to one that has less.
 *
 * @example
 * const turns = new FairTurns({ atOnce: 4, atOnceOfPeer: 2, waiting: 1000, waitingOfPeer: 16 });
 * const leave = turns.queue(peerOf(address), { begin: () => readRange(), displaced: () => forget() });
 */
export class FairTurns {
  readonly #bounds: FairTurnsBounds;
  /** Those with work. The first has had no turn for the longest. */
  readonly #peers = new Map<string, Peer>();
  #running = 0;
  #waiting = 0;

  constructor(bounds: FairTurnsBounds) {
    this.#bounds = bounds;
  }

  /**
   * Begins work in this turn of the event loop, or lets it wait.
   *
   * @returns what takes it out of the wait, and does nothing once it has begun; undefined where the peer may let no more wait.
   */
  queue(name: string, work: FairWork): (() => void) | undefined {
    const peer = this.#peers.get(name) ?? { running: 0, waiting: new Set() };
    const begins = this.#running < this.#bounds.atOnce && peer.running < this.#bounds.atOnceOfPeer;
    if (!begins && !this.#hasRoom(peer)) return undefined;
    peer.waiting.add(work);
    this.#waiting++;
    this.#peers.set(name, peer);
    this.#next();
    return () => this.#leave(name, peer, work);
  }

  /** Whether one more piece may wait, once another peer's newest has given way for it if need be. */
  #hasRoom(own: Peer): boolean {
    if (own.waiting.size >= this.#bounds.waitingOfPeer) return false;
    if (this.#waiting < this.#bounds.waiting) return true;
    let greediest = own;
    for (const peer of this.#peers.values()) if (peer.waiting.size > greediest.waiting.size) greediest = peer;
    const newest = [...greediest.waiting].at(-1);
    // One that has as many would only change places with it.
    if (newest === undefined || greediest.waiting.size <= own.waiting.size + 1) return false;
    greediest.waiting.delete(newest);
    this.#waiting--;
    newest.displaced();
    return true;
  }

  #next(): void {
    while (this.#running < this.#bounds.atOnce) {
      const next = this.#nextPeer();
      if (next === undefined) return;
      void this.#run(...next);
    }
  }

  #nextPeer(): readonly [string, Peer] | undefined {
    for (const entry of this.#peers) if (this.#mayBegin(entry[1])) return entry;
    return undefined;
  }

  #mayBegin({ running, waiting }: Peer): boolean {
    return waiting.size > 0 && running < this.#bounds.atOnceOfPeer;
  }

  async #run(name: string, peer: Peer): Promise<void> {
    const [work] = peer.waiting;
    if (work === undefined) return;
    peer.waiting.delete(work);
    this.#waiting--;
    this.#running++;
    peer.running++;
    // Its next turn is after those of all others.
    this.#peers.delete(name);
    this.#peers.set(name, peer);
    try {
      await work.begin();
    } catch {
      // The work itself tells its peer.
    } finally {
      this.#running--;
      peer.running--;
      this.#forgetIdle(name, peer);
      this.#next();
    }
  }

  #leave(name: string, peer: Peer, work: FairWork): void {
    if (!peer.waiting.delete(work)) return;
    this.#waiting--;
    this.#forgetIdle(name, peer);
  }

  #forgetIdle(name: string, peer: Peer): void {
    if (peer.running === 0 && peer.waiting.size === 0 && this.#peers.get(name) === peer) this.#peers.delete(name);
  }
}
