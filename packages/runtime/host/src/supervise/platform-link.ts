import { isEnclosError } from '@enclos/errors';
import type { Launcher } from '@enclos/tee';

/**
 * The connection by which enclaves are started again: that of the caller, until its platform is gone, and then those that
 * `reconnect` makes. The connection of a lost platform never works again.
 */
export class PlatformLink {
  readonly #first: Launcher;
  readonly #reconnect: (() => Promise<Launcher>) | undefined;
  #launcher: Launcher;
  #isLost = false;

  constructor(first: Launcher, reconnect: (() => Promise<Launcher>) | undefined) {
    this.#first = first;
    this.#reconnect = reconnect;
    this.#launcher = first;
  }

  /** One that is not known to be lost, if there is any. @throws what `reconnect` rejects with */
  async launcher(): Promise<Launcher> {
    if (!this.#isLost || this.#reconnect === undefined) return this.#launcher;
    const launcher = await this.#reconnect();
    await this.close();
    this.#launcher = launcher;
    this.#isLost = false;
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
}
