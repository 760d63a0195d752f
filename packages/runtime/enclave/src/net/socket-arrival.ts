import { EnclosError } from '@enclos/errors';
import type { PassedSocket } from '@enclos/tee/passage';

/** A socket that the host was asked for. */
export class SocketArrival {
  /** Whether the host is told how many bytes crossed it. */
  readonly counts: boolean;
  #socket: PassedSocket | undefined;
  #take: ((socket: PassedSocket) => void) | undefined;

  constructor(counts: boolean) {
    this.counts = counts;
  }

  get socket(): PassedSocket | undefined {
    return this.#socket;
  }

  /** Called at most once. */
  arrived(socket: PassedSocket): void {
    this.#socket = socket;
    this.#take?.(socket);
  }

  /** @throws STREAM_BROKEN when it does not come in time, GATE_CANCELLED when the signal aborts. */
  async within(timeoutMs: number, signal: AbortSignal | undefined): Promise<PassedSocket> {
    if (this.#socket !== undefined) return this.#socket;
    let stop = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        const cancel = (): void => reject(new EnclosError('GATE_CANCELLED', undefined, { cause: signal?.reason }));
        const text = 'The host said that it connected, and passed no connection.';
        const late = (): void => reject(new EnclosError('STREAM_BROKEN', text));
        // After a long pause of this process the time is over before what arrived meanwhile is read.
        const timer = setTimeout(() => setImmediate(late), timeoutMs);
        signal?.addEventListener('abort', cancel);
        stop = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', cancel);
        };
        this.#take = resolve;
        if (signal?.aborted === true) cancel();
      });
    } finally {
      stop();
    }
  }
}
