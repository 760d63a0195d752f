/**
 * What an engine makes of the public keys of recipients, to which many messages are sealed: made once for each array of
 * bytes, and gone with it. An array that is written to afterwards keeps what it was, and its messages do not open.
 */
export class RecipientKeys<Key extends object | undefined> {
  readonly #held = new WeakMap<Uint8Array, Key>();
  readonly #make: (bytes: Uint8Array) => Key;

  /** @param make gives the key, a promise of it, or undefined for bytes that the engine refuses */
  constructor(make: (bytes: Uint8Array) => Key) {
    this.#make = make;
  }

  of(bytes: Uint8Array): Key {
    const held = this.#held.get(bytes);
    if (held !== undefined) return held;
    const key = this.#make(bytes);
    if (key !== undefined) this.#held.set(bytes, key);
    return key;
  }
}
