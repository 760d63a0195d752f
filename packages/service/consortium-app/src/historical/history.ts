import { EnclosError, isEnclosError } from '@enclos/errors';
import type { HistoricalState, HistoricalView } from '../context.ts';
import type { PastState } from './past-state.ts';
import { readStates, type ReadingRules } from './read-states.ts';

export interface LedgerHistoryOptions extends Omit<ReadingRules, 'maxBytes'> {
  /** What all ranges hold together, about, before those that were not asked for the longest go. Default: 512 MB, as in CCF. */
  readonly softLimitBytes?: number;
  /** Transactions in one range. Default: 10,000. */
  readonly maxStates?: number;
  /** Milliseconds that only grow. Default: `performance.now`. */
  readonly now?: () => number;
  /** Told why a range could not be read. It is read again when it is asked for again. */
  readonly onFailure?: (error: unknown) => void;
}

/** So many ranges are read at once; more are not begun, and the caller asks again. */
const mostReadings = 4;
/** So many handles are kept. */
const mostHandles = 1000;

/** A range that was asked for under a handle. */
interface HandleRange {
  readonly first: number;
  readonly last: number;
  expiresAtMs: number;
  /** Undefined while they are read. */
  states: readonly PastState[] | undefined;
  /** Why they never can be. */
  refusal: EnclosError | undefined;
  bytes: number;
}

/**
 * The past of a ledger, read again from where its bytes are, and verified (CCF, include/ccf/historical_queries_interface.h). A
 * range is kept under the caller's handle until it expires, another range takes its handle, or the soft limit drops it.
 *
 * @example
 * const history = new LedgerHistory({ source, ledger, keys, services, tools: { digests: nodeDigests, subtle } });
 * history.stateRange(1, 10, 20, 60); // undefined; later the states of 10 to 20
 */
export class LedgerHistory implements HistoricalView {
  readonly #options: LedgerHistoryOptions;
  readonly #softLimit: number;
  readonly #maxStates: number;
  readonly #now: () => number;
  /** The least recently asked for first. */
  readonly #kept = new Map<number, HandleRange>();
  #heldBytes = 0;
  #readings = 0;

  constructor(options: LedgerHistoryOptions) {
    this.#options = options;
    this.#softLimit = options.softLimitBytes ?? 512 * 1024 ** 2;
    this.#maxStates = options.maxStates ?? 10_000;
    this.#now = options.now ?? (() => performance.now());
  }

  /** What the ranges hold, about. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * @throws HISTORY_TOO_LARGE for a range that never can be held, and HISTORY_RANGE for one that ends before it begins.
   */
  stateRange(
    handle: number,
    first: number,
    last: number,
    secondsUntilExpiry: number,
  ): readonly HistoricalState[] | undefined {
    this.#requireRange(first, last);
    this.#expire();
    // What is not committed may be rolled back, and another transaction take its place.
    if (first < 1 || last > this.#options.ledger.lastCommitted().seqno) return undefined;
    let kept = this.#kept.get(handle);
    if (kept?.first !== first || kept.last !== last) {
      this.#drop(handle);
      if (this.#readings >= mostReadings) return undefined;
      kept = { first, last, expiresAtMs: 0, states: undefined, refusal: undefined, bytes: 0 };
      void this.#read(handle, kept);
    }
    // The handle that was asked for last is the last to go.
    this.#kept.delete(handle);
    this.#kept.set(handle, kept);
    kept.expiresAtMs = this.#now() + secondsUntilExpiry * 1000;
    this.#shrink();
    if (kept.refusal !== undefined) throw kept.refusal;
    return kept.states;
  }

  dropCachedStates(handle: number): boolean {
    this.#expire();
    return this.#drop(handle);
  }

  async #read(handle: number, kept: HandleRange): Promise<void> {
    this.#readings++;
    try {
      const states = await readStates(kept.first, kept.last, { ...this.#options, maxBytes: this.#softLimit });
      // Another range may have taken the handle meanwhile.
      if (this.#kept.get(handle) !== kept) return;
      kept.states = states;
      kept.bytes = states.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
      this.#heldBytes += kept.bytes;
      this.#shrink();
    } catch (error) {
      this.#options.onFailure?.(error);
      if (isEnclosError(error, 'HISTORY_TOO_LARGE')) kept.refusal = error;
      else if (this.#kept.get(handle) === kept) this.#drop(handle);
    } finally {
      this.#readings--;
    }
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

  #expire(): void {
    const now = this.#now();
    for (const [handle, { expiresAtMs }] of this.#kept) if (expiresAtMs <= now) this.#drop(handle);
  }

  /** Drops what was not asked for the longest, but never the last. */
  #shrink(): void {
    for (const handle of this.#kept.keys()) {
      if (this.#kept.size <= 1 || (this.#heldBytes <= this.#softLimit && this.#kept.size <= mostHandles)) return;
      this.#drop(handle);
    }
  }

  #drop(handle: number): boolean {
    this.#heldBytes -= this.#kept.get(handle)?.bytes ?? 0;
    return this.#kept.delete(handle);
  }
}
