/** Memory of all interpreters of an engine, with images and with what is not collected yet. It lies outside of V8's heap, so that nothing else bounds it. */
export class MemoryBudget {
  readonly #maxBytes: number;
  readonly #shares = new Map<object, number>();
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Sets what one owner has. False, without a change, when it would be too much in all. */
  charge(owner: object, bytes: number): boolean {
    const before = this.#shares.get(owner) ?? 0;
    if (bytes > before && this.#usedBytes - before + bytes > this.#maxBytes) return false;
    this.keep(owner, bytes);
    return true;
  }

  /** Sets it for memory that is there, whatever the limit. */
  keep(owner: object, bytes: number): void {
    this.#usedBytes += bytes - (this.#shares.get(owner) ?? 0);
    this.#shares.set(owner, bytes);
  }

  release(owner: object): void {
    this.#usedBytes -= this.#shares.get(owner) ?? 0;
    this.#shares.delete(owner);
  }
}
