import { BoundedMap } from './bounded-map.ts';

interface Entry<T> {
  readonly value: T;
  readonly atMs: number;
}

/** A map that forgets what was not asked for longest when it is full, and finds nothing that is too old. */
export class AgedMap<T> {
  readonly #entries: BoundedMap<Entry<T>>;
  readonly #maximumAgeMs: number;

  /**
   * @param maximum entries; 0 for a map that keeps nothing
   * @param maximumAgeMs from this age on an entry is not found
   */
  constructor(maximum: number, maximumAgeMs: number) {
    this.#entries = new BoundedMap(maximum);
    this.#maximumAgeMs = maximumAgeMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * An entry is not found either when the clock stands before the time at which it was set: how old it is cannot be known.
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
