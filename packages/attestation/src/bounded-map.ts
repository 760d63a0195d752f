/** A map that forgets what was not asked for longest when it is full. */
export class BoundedMap<T> {
  readonly #values = new Map<string, T>();
  readonly #maximum: number;

  /** `maximum`: entries; 0 for a map that keeps nothing. */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): T | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    // A Map keeps the order of insertion: the first key is the one that rested longest.
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  set(key: string, value: T): void {
    if (this.#maximum === 0) return;
    this.#values.delete(key);
    if (this.#values.size >= this.#maximum) {
      const [oldest] = this.#values.keys();
      if (oldest !== undefined) this.#values.delete(oldest);
    }
    this.#values.set(key, value);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
