import type { Awaitable } from '../engine.ts';

/**
 * What an engine makes of the public keys of recipients, to which many messages are sealed: made once for each array of
 * bytes, and gone with it. An array that is written to afterwards keeps what it was, and its messages do not open.
 */
export class RecipientKeys<PublicKey> {
  readonly #held = new WeakMap<Uint8Array, { readonly key: PublicKey }>();
  readonly #make: (bytes: Uint8Array) => Awaitable<PublicKey | undefined>;

  constructor(make: (bytes: Uint8Array) => Awaitable<PublicKey | undefined>) {
    this.#make = make;
  }

  /** Undefined for bytes that the engine refuses. */
  async of(bytes: Uint8Array): Promise<PublicKey | undefined> {
    const held = this.#held.get(bytes);
    if (held !== undefined) return held.key;
    const key = await this.#make(bytes);
    if (key !== undefined) this.#held.set(bytes, { key });
    return key;
  }
}
