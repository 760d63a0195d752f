import type { EnclosError } from '@enclos/errors';
import type { PastState } from './past-state.ts';

/** A range that was asked for under a handle. */
export interface HandleRange {
  readonly first: number;
  readonly last: number;
  /** It asked first: what the range holds is counted as this peer's. */
  readonly peer: string;
  expiresAtMs: number;
  /** Undefined until they are read. */
  states: readonly PastState[] | undefined;
  /** Why they never can be. */
  refusal: EnclosError | undefined;
  /** About; 0 until they are read. */
  bytes: number;
  /** Takes it out of the wait for its reading. */
  leave: (() => void) | undefined;
}

export interface KeptBounds {
  /** What all hold together, about. */
  readonly bytes: number;
  readonly handles: number;
}

/**
 * Ranges by handle. When they hold too much, the peer that holds the most of it loses the one that was not asked for the longest: what
 * one peer asks for does not take the place of what another one waits for.
 */
export class KeptRanges {
  readonly #bounds: KeptBounds;
  /** The least recently asked for first. */
  readonly #ranges = new Map<number, HandleRange>();
  #bytes = 0;

  constructor(bounds: KeptBounds) {
    this.#bounds = bounds;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(handle: number): HandleRange | undefined {
    return this.#ranges.get(handle);
  }

  /** Keeps a range as the one that was asked for last. */
  touch(handle: number, range: HandleRange): void {
    if (this.#ranges.get(handle) !== range) this.drop(handle);
    this.#ranges.delete(handle);
    this.#ranges.set(handle, range);
    this.#shrink();
  }

  /** Gives a range its states, unless another one has taken its handle meanwhile. */
  fill(handle: number, range: HandleRange, states: readonly PastState[]): void {
    if (this.#ranges.get(handle) !== range) return;
    range.states = states;
    range.bytes = states.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    this.#bytes += range.bytes;
    this.#shrink();
  }

  expire(nowMs: number): void {
    for (const [handle, { expiresAtMs }] of this.#ranges) if (expiresAtMs <= nowMs) this.drop(handle);
  }

  /** @returns whether there was one. */
  drop(handle: number): boolean {
    const range = this.#ranges.get(handle);
    if (range === undefined) return false;
    this.#ranges.delete(handle);
    this.#bytes -= range.bytes;
    range.leave?.();
    return true;
  }

  #shrink(): void {
    const { bytes, handles } = this.#bounds;
    let isDone = false;
    while (!isDone) {
      if (this.#bytes > bytes) isDone = !this.#dropOf((range) => range.bytes);
      else isDone = this.#ranges.size <= handles || !this.#dropOf(() => 1);
    }
  }

  /** @returns whether there was one to drop: the one that was asked for last always stays. */
  #dropOf(measure: (range: HandleRange) => number): boolean {
    const others = [...this.#ranges].slice(0, -1);
    const shares = new Map<string, number>();
    for (const range of this.#ranges.values()) {
      shares.set(range.peer, (shares.get(range.peer) ?? 0) + measure(range));
    }
    const shareOf = ([, range]: (typeof others)[number]): number =>
      measure(range) === 0 ? 0 : (shares.get(range.peer) ?? 0);
    const most = Math.max(0, ...others.map(shareOf));
    const victim = most === 0 ? undefined : others.find((entry) => shareOf(entry) === most);
    return victim !== undefined && this.drop(victim[0]);
  }
}
