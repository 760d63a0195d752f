/**
 * The events by which the threads of an enclave wait for each other, named by the address of a TCS. Each holds at most one token, as the
 * untrusted runtimes of both SDKs have it: a thread that is woken before it waits does not wait.
 */
export class ThreadEvents {
  readonly #tokens = new Set<bigint>();
  readonly #waiting = new Map<bigint, { readonly wake: () => void; readonly fail: (error: Error) => void }>();
  readonly #threads: ReadonlySet<bigint>;
  #closed: Error | undefined;

  /** @param threads addresses of all TCS pages */
  constructor(threads: Iterable<bigint>) {
    this.#threads = new Set(threads);
  }

  /** Whether there is such a thread. Other methods refuse one that is not there with a RangeError. */
  has(thread: bigint): boolean {
    return this.#threads.has(thread);
  }

  /**
   * Waits for a token and takes it. A second wait of the same thread, which none can make, ends the first.
   *
   * @param signal ends this wait, and no other of the thread: a token stays
   */
  async wait(thread: bigint, signal?: AbortSignal): Promise<void> {
    this.#require(thread);
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#tokens.delete(thread)) return;
    this.#waiting.get(thread)?.wake();
    await new Promise<void>((wake, fail) => {
      const own = { wake, fail };
      this.#waiting.set(thread, own);
      signal?.addEventListener('abort', () => {
        if (this.#waiting.get(thread) === own) this.#waiting.delete(thread);
        wake();
      });
    });
  }

  set(thread: bigint): void {
    this.#require(thread);
    const waiting = this.#waiting.get(thread);
    if (waiting === undefined) return void this.#tokens.add(thread);
    this.#waiting.delete(thread);
    waiting.wake();
  }

  /** Fails all waits, now and later. */
  close(error: Error): void {
    this.#closed ??= error;
    for (const { fail } of this.#waiting.values()) fail(this.#closed);
    this.#waiting.clear();
  }

  #require(thread: bigint): void {
    if (!this.has(thread)) throw new RangeError('The enclave has no such thread.');
  }
}
