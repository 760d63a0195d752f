/**
 * Work that is done once for all callers that ask while it is under way, by key. A caller that asks after it has ended, even if
 * it failed, begins it anew: the result is not kept.
 */
export class SharedWork<T> {
  readonly #underWay = new Map<string, Promise<T>>();

  /** How many keys are under way. */
  get size(): number {
    return this.#underWay.size;
  }

  /**
   * Begins `work` in this turn, or joins what is under way for the key.
   * @param key not needed when the object shares only one kind of work.
   */
  join(work: () => Promise<T>, key = ''): Promise<T> {
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const begun = work().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, begun);
    return begun;
  }
}
