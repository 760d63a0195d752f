import { BoundedMap } from './bounded-map.ts';

interface Entry<T> {
  readonly value: T;
  readonly atMs: number;
}

/** A map that drops its least recently used entry when it is full, and never returns an entry that is too old. */
export class AgedMap<T> {
  readonly #entries: BoundedMap<Entry<T>>;
  readonly #maximumAgeMs: number;

  /**
   * @param maximum entries; 0 for a map that keeps nothing
   * @param maximumAgeMs entries of this age or more are not found
   */
  constructor(maximum: number, maximumAgeMs: number) {
    this.#entries = new BoundedMap(maximum);
    this.#maximumAgeMs = maximumAgeMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * An entry that was set in the future of this clock is not found either: its age is not known.
   * @param maximumAgeMs in place of the map's own
   */
  get(key: string, nowMs: number, maximumAgeMs = this.#maximumAgeMs): T | undefined {
    const entry = this.#entries.get(key);
    const ageMs = nowMs - (entry?.atMs ?? Number.NaN);
    return ageMs >= 0 && ageMs < maximumAgeMs ? entry?.value : undefined;
  }

  set(key: string, value: T, nowMs: number): void {
    this.#entries.set(key, { value, atMs: nowMs });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
