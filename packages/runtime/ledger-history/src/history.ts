import './errors.ts';
import { FairTurns } from '@enclos/bounded';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { HistoricalState, HistoricalView } from './view.ts';
import { KeptRanges, type HandleRange } from './kept-ranges.ts';
import { readStates, type ReadingRules } from './read-states.ts';

export interface LedgerHistoryOptions extends Omit<ReadingRules, 'maxBytes'> {
  /** What all ranges hold together, about, before those that were not asked for the longest go. Default: 512 MB, as in CCF. */
  readonly softLimitBytes?: number;
  /** Bytes of one range, with the signature after it. Default: what all readings at once may take of the soft limit, so a quarter. */
  readonly maxRangeBytes?: number;
  /** Transactions in one range. Default: 10,000. */
  readonly maxStates?: number;
  /** Milliseconds that only grow. Default: `performance.now`. */
  readonly now?: () => number;
  /** Told why a range could not be read. It is read again when it is asked for again. */
  readonly onFailure?: (error: unknown) => void;
}

/** So many handles are kept. */
const mostHandles = 1000;
/** So many ranges are read at once, and wait, in all and for one peer. What may not wait is asked for again. */
const readings = Object.freeze({ atOnce: 4, atOnceOfPeer: 2, waiting: 500, waitingOfPeer: 16 });

interface RangeRequest {
  readonly peer: string;
  readonly handle: number;
  readonly first: number;
  readonly last: number;
  readonly expiresAtMs: number;
}

/**
 * The past of a ledger, read again from where its bytes are, and verified (CCF, include/ccf/historical_queries_interface.h). A
 * range is kept under the caller's handle until it expires, another range takes its handle, or the soft limit drops it. Peers share
 * the readings and the memory fairly: see `forPeer`.
 *
 * @example
 * const history = new LedgerHistory({ source, ledger, keys, services, tools: { digests: nodeDigests, subtle } });
 * history.stateRange(1, 10, 20, 60); // undefined; later the states of 10 to 20
 */
export class LedgerHistory implements HistoricalView {
  readonly #options: LedgerHistoryOptions;
  readonly #maxRangeBytes: number;
  readonly #maxStates: number;
  readonly #now: () => number;
  readonly #kept: KeptRanges;
  readonly #turns = new FairTurns(readings);

  constructor(options: LedgerHistoryOptions) {
    const { softLimitBytes = 512 * 1024 ** 2 } = options;
    this.#options = options;
    this.#maxRangeBytes = options.maxRangeBytes ?? Math.floor(softLimitBytes / readings.atOnce);
    this.#maxStates = options.maxStates ?? 10_000;
    this.#now = options.now ?? (() => performance.now());
    this.#kept = new KeptRanges({ bytes: softLimitBytes, handles: mostHandles });
  }

  /** What the ranges hold, about. */
  get heldBytes(): number {
    return this.#kept.bytes;
  }

  /**
   * As for a peer that is not known: all of these share the readings of one.
   *
   * @throws HISTORY_TOO_LARGE for a range that never can be held, and HISTORY_RANGE for one that ends before it begins.
   */
  stateRange(
    handle: number,
    first: number,
    last: number,
    secondsUntilExpiry: number,
  ): readonly HistoricalState[] | undefined {
    return this.forPeer('').stateRange(handle, first, last, secondsUntilExpiry);
  }

  /**
   * The same past for one peer. Two of the four readings at once are the most that it has, and peers take turns. A peer that holds
   * more than others loses what it holds before they do.
   */
  forPeer(peer: string): HistoricalView {
    return {
      stateRange: (handle, first, last, seconds) =>
        this.#ask({ peer, handle, first, last, expiresAtMs: this.#now() + seconds * 1000 }),
      dropCachedStates: (handle) => this.dropCachedStates(handle),
    };
  }

  dropCachedStates(handle: number): boolean {
    this.#kept.expire(this.#now());
    return this.#kept.drop(handle);
  }

  #ask(asked: RangeRequest): readonly HistoricalState[] | undefined {
    const { handle, first, last, expiresAtMs } = asked;
    this.#requireRange(first, last);
    this.#kept.expire(this.#now());
    // What is not committed may be rolled back, and another transaction take its place.
    if (first < 1 || last > this.#options.ledger.lastCommitted().seqno) return undefined;
    let range = this.#kept.get(handle);
    if (range?.first !== first || range.last !== last) range = this.#queue(asked);
    if (range === undefined) return undefined;
    range.expiresAtMs = expiresAtMs;
    // The handle that was asked for last is the last to go.
    this.#kept.touch(handle, range);
    if (range.refusal !== undefined) throw range.refusal;
    return range.states;
  }

  /** @returns undefined where the peer may let no more wait. What it has under the handle goes all the same. */
  #queue({ peer, handle, first, last, expiresAtMs }: RangeRequest): HandleRange | undefined {
    const range: HandleRange = {
      first,
      last,
      peer,
      expiresAtMs,
      states: undefined,
      refusal: undefined,
      bytes: 0,
      leave: undefined,
    };
    // It may begin at once, and looks for itself under its handle then. What was there before goes.
    this.#kept.touch(handle, range);
    range.leave = this.#turns.queue(peer, {
      begin: () => this.#read(handle, range),
      displaced: () => this.#forget(handle, range),
    });
    if (range.leave !== undefined) return range;
    this.#kept.drop(handle);
    return undefined;
  }

  async #read(handle: number, range: HandleRange): Promise<void> {
    // It was not asked for lately: peers that wait are not to wait for it.
    if (range.expiresAtMs <= this.#now()) return this.#forget(handle, range);
    try {
      const states = await readStates(range.first, range.last, { ...this.#options, maxBytes: this.#maxRangeBytes });
      this.#kept.fill(handle, range, states);
    } catch (error) {
      this.#options.onFailure?.(error);
      if (isEnclosError(error, 'HISTORY_TOO_LARGE')) range.refusal = error;
      else this.#forget(handle, range);
    }
  }

  /** Unless another range has taken the handle meanwhile. */
  #forget(handle: number, range: HandleRange): void {
    if (this.#kept.get(handle) === range) this.#kept.drop(handle);
  }

  #requireRange(first: number, last: number): void {
    if (last < first) {
      throw new EnclosError(
        'HISTORY_RANGE',
        `Invalid range for historical query: end ${last} is before start ${first}`,
      );
    }
    if (last - first < this.#maxStates) return;
    throw new EnclosError('HISTORY_TOO_LARGE', `A range has at most ${this.#maxStates} transactions.`, {
      details: { maximum: this.#maxStates },
    });
  }
}
