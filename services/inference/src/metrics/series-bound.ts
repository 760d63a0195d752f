/** Bounds the values of a label: those that come after so many others share one. */
export class SeriesBound {
  static readonly other = 'other';
  readonly #most: number;
  readonly #names = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  nameOf(name: string): string {
    if (this.#names.has(name)) return name;
    if (this.#names.size >= this.#most) return SeriesBound.other;
    this.#names.add(name);
    return name;
  }
}
