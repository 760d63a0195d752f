import { EnclosError } from '@enclos/errors';
import type { Access, AccessRequest, SgxThread } from '../gate/thread.ts';

/** How many calls may wait for a thread. */
const MAX_WAITING = 1024;

interface Waiter<T> {
  readonly take: (value: T) => void;
  readonly fail: (error: Error) => void;
}

/** The threads of an enclave. A call has one until it returns; others wait, in order. */
export class ThreadPool {
  readonly threads: readonly SgxThread[];
  readonly #maxWaiting: number;
  /** The last one used is used first: its stack is warm, and a thread that was never used needs not begin. */
  readonly #free: SgxThread[];
  readonly #waiting = new Set<Waiter<SgxThread>>();
  #closed: Error | undefined;

  constructor(threads: readonly SgxThread[], maxWaiting: number = MAX_WAITING) {
    this.threads = threads;
    this.#maxWaiting = maxWaiting;
    this.#free = threads.toReversed();
  }

  /** Whether a call would have a thread at once. */
  get hasFree(): boolean {
    return this.#free.length > 0 && this.#closed === undefined;
  }

  /**
   * Runs work with a thread that no other call has.
   *
   * @param signal ends the wait for a thread, not the work
   * @throws SGX_TOO_MANY_CALLS, the reason of the signal, what the work throws
   */
  async use<T>(work: (thread: SgxThread) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const thread = this.#takeFree(signal) ?? (await this.#wait(signal));
    try {
      return await work(thread);
    } finally {
      this.#give(thread);
    }
  }

  /** Reads and writes memory outside of a call: by a free thread, or else by the first that gets out of the enclave. */
  readonly access: Access = async (request: AccessRequest) => {
    const free = this.#free.at(-1);
    if (free !== undefined) return free.access(request);
    let isTaken = false;
    const once = (): AccessRequest | undefined => {
      if (isTaken) return undefined;
      isTaken = true;
      return request;
    };
    return firstResult(this.threads.map((thread) => thread.accessLater(once)));
  };

  /** Fails all waiting calls, now and later. */
  close(error: Error): void {
    this.#closed ??= error;
    for (const { fail } of this.#waiting) fail(this.#closed);
    this.#waiting.clear();
  }

  /** Without a turn of the event loop where a thread is free. @returns undefined when the call has to wait */
  #takeFree(signal: AbortSignal | undefined): SgxThread | undefined {
    if (this.#closed !== undefined) throw this.#closed;
    signal?.throwIfAborted();
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#waiting.size >= this.#maxWaiting) {
      const message = `${this.#waiting.size} calls wait for one of ${this.threads.length} threads.`;
      throw new EnclosError('SGX_TOO_MANY_CALLS', message, { details: { threads: this.threads.length } });
    }
    return undefined;
  }

  #wait(signal: AbortSignal | undefined): Promise<SgxThread> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(waiter);
        // Whatever its controller gave: AbortSignal does not say that it is an Error.
        reject(signal?.reason as Error);
      };
      const done =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener('abort', abort);
          settle(value);
        };
      const waiter: Waiter<SgxThread> = { take: done(resolve), fail: done(reject) };
      signal?.addEventListener('abort', abort);
      this.#waiting.add(waiter);
    });
  }

  #give(thread: SgxThread): void {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      return waiter.take(thread);
    }
    this.#free.push(thread);
  }
}

/** The result of the attempt that has one. Any attempt may end first. */
async function firstResult<T>(attempts: readonly Promise<T | undefined>[]): Promise<T> {
  let failure: Error | undefined;
  return new Promise<T>((resolve, reject) => {
    let left = attempts.length;
    const ended = (): void => {
      left -= 1;
      if (left === 0) reject(failure ?? new Error('No thread could do it.'));
    };
    for (const attempt of attempts) {
      attempt.then(
        (result) => (result === undefined ? ended() : resolve(result)),
        (error: Error) => {
          failure ??= error;
          ended();
        },
      );
    }
  });
}
