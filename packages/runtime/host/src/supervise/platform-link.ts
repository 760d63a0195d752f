import { untilAborted } from '@enclos/bounded';
import { isEnclosError } from '@enclos/errors';
import type { Launcher } from '@enclos/tee';

type Reconnect = (signal?: AbortSignal) => Promise<Launcher>;

/**
 * The connection by which enclaves are started again: that of the caller, until its platform is gone, and then those that
 * `reconnect` makes. The connection of a lost platform never works again.
 */
export class PlatformLink {
  readonly #first: Launcher;
  readonly #reconnect: Reconnect | undefined;
  #launcher: Launcher;
  #isLost = false;

  constructor(first: Launcher, reconnect: Reconnect | undefined) {
    this.#first = first;
    this.#reconnect = reconnect;
    this.#launcher = first;
    this.#watch(first);
  }

  /** Whether a load failed because its platform is gone, and another connection can be tried. */
  get isReplaceable(): boolean {
    return this.#isLost && this.#reconnect !== undefined;
  }

  /** One that is not known to be lost, if there is any. @throws what `reconnect` rejects with, and the reason of the signal */
  async launcher(signal: AbortSignal): Promise<Launcher> {
    if (!this.#isLost || this.#reconnect === undefined) return this.#launcher;
    const launcher = await this.#connect(this.#reconnect, signal);
    await this.close();
    this.#launcher = launcher;
    this.#isLost = false;
    this.#watch(launcher);
    return launcher;
  }

  /** Takes note of why an enclave could not be started. @returns whether none can be any more */
  failed(error: unknown): boolean {
    if (!isEnclosError(error, 'TEE_PLATFORM_LOST')) return false;
    this.#isLost = true;
    return this.#reconnect === undefined;
  }

  /** The caller's own stays open. */
  async close(): Promise<void> {
    if (this.#launcher !== this.#first) await this.#launcher.close();
  }

  async #connect(reconnect: Reconnect, signal: AbortSignal): Promise<Launcher> {
    const connecting = reconnect(signal);
    try {
      return await untilAborted(signal, connecting);
    } catch (error) {
      // One that comes after the end of the wait is closed.
      connecting.then((late) => late.close()).catch(() => undefined);
      throw error;
    }
  }

  #watch(launcher: Launcher): void {
    void launcher.closed?.then(() => {
      if (launcher === this.#launcher) this.#isLost = true;
    });
  }
}
