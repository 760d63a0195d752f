interface Entry<T> {
  readonly key: string;
  readonly value: T;
}

/** A map that drops its least recently used entry when it is full. */
export class BoundedMap<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #maximum: number;
  #newest: Entry<T> | undefined;

  /** `maximum`: entries; 0 for a map that keeps nothing. */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry !== this.#newest) {
      // Deleted by the entry's own key: the same string object is not compared again, even if it has several kilobytes.
      this.#entries.delete(entry.key);
      this.#insert(entry);
    }
    return entry.value;
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#insert({ key, value });
    // A Map keeps the order of insertion: the first key is the least recently used.
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size > this.#maximum) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  #insert(entry: Entry<T>): void {
    this.#entries.set(entry.key, entry);
    this.#newest = entry;
  }
}
