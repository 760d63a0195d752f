import { requestName, type HpkeContext, type KemKeyPair, type KeySet, type ReplayWindow } from '@enclos/hpke';

/** Full to this part, the window is made empty. */
const mostShare = 0.5;

export interface UndatedRequestsOptions {
  readonly keys: KeySet;
  readonly window: ReplayWindow;
  /** Hears that the keys are others, whose evidence has to be made. */
  readonly renewed: () => Promise<void>;
  readonly onFault: (error: unknown) => void;
}

/**
 * Accepts sealed requests without a date, each once. They are remembered for as long as their key opens, which is a day. So that one client
 * cannot fill the memory for all others, the service takes its keys back before that: it may then forget them, and clients fetch new keys.
 */
export class UndatedRequests {
  readonly #options: UndatedRequestsOptions;
  #isRenewing = false;

  constructor(options: UndatedRequestsOptions) {
    this.#options = options;
  }

  /** @throws HPKE_REPLAYED, HPKE_KEY_STALE, HPKE_WINDOW_FULL */
  async accept(context: HpkeContext, pair: KemKeyPair, nowMs: number): Promise<void> {
    const { keys, window, onFault } = this.#options;
    const name = await requestName(context);
    window.acceptUndated(name, keys.goneAtMs(pair), nowMs);
    if (window.undatedShare < mostShare || this.#isRenewing) return;
    this.#isRenewing = true;
    // The request does not wait for it.
    this.#renew(nowMs)
      .catch(onFault)
      .finally(() => (this.#isRenewing = false));
  }

  async #renew(nowMs: number): Promise<void> {
    const { keys, window, renewed } = this.#options;
    await keys.retire(nowMs, () => window.forgetUndated());
    await renewed();
  }
}
