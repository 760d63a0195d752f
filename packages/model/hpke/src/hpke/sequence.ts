import { EnclosError } from '@enclos/errors';
import { after, type AeadKey, type Awaitable, type SealingForm } from '../engine.ts';
import { nonceBytes, tagBytes } from '../suites.ts';
import { empty } from './labels.ts';

/**
 * How many messages one key seals. RFC 9180 allows more; with AES-GCM this many keep an attacker's chance of a forgery
 * negligible, and no stream here comes near it.
 */
export const maximumMessages = 2 ** 32;

/** The base nonce with the number of a message over its last bytes (RFC 9180, section 5.2). */
function nonceOf(base: Uint8Array, sequence: number): Uint8Array {
  const nonce = base.slice();
  const view = new DataView(nonce.buffer, nonce.byteOffset + nonceBytes - 4, 4);
  view.setUint32(0, (view.getUint32(0) ^ sequence) >>> 0);
  return nonce;
}

/** Numbers from zero, each given once. */
class MessageNumbers {
  #next: number;

  constructor(first: number) {
    this.#next = first;
  }

  /** @throws HPKE_LIMIT_EXCEEDED after the last: a number that came again would repeat a nonce. */
  take(): number {
    if (this.#next >= maximumMessages) {
      throw new EnclosError('HPKE_LIMIT_EXCEEDED', `The key has sealed ${maximumMessages} messages.`);
    }
    return this.#next++;
  }
}

/** Seals the messages of one direction in order, each under its own nonce. */
export class Sealer {
  readonly #key: AeadKey;
  readonly #baseNonce: Uint8Array;
  readonly #numbers: MessageNumbers;

  constructor(key: AeadKey, baseNonce: Uint8Array, first = 0) {
    this.#key = key;
    this.#baseNonce = baseNonce;
    this.#numbers = new MessageNumbers(first);
  }

  /**
   * @returns ciphertext and tag.
   * @throws HPKE_LIMIT_EXCEEDED.
   */
  seal(plaintext: Uint8Array, aad: Uint8Array = empty, form?: SealingForm): Awaitable<Uint8Array> {
    return this.#key.seal(nonceOf(this.#baseNonce, this.#numbers.take()), aad, plaintext, form);
  }
}

/**
 * Opens the messages of one direction in the order in which they were sealed. After one that does not open, none does:
 * a stream with a gap in it is not continued.
 */
export class Opener {
  readonly #key: AeadKey;
  readonly #baseNonce: Uint8Array;
  readonly #numbers: MessageNumbers;
  #isBroken = false;

  constructor(key: AeadKey, baseNonce: Uint8Array, first = 0) {
    this.#key = key;
    this.#baseNonce = baseNonce;
    this.#numbers = new MessageNumbers(first);
  }

  /** @throws HPKE_OPEN_FAILED, HPKE_LIMIT_EXCEEDED. */
  open(ciphertext: Uint8Array, aad: Uint8Array = empty): Awaitable<Uint8Array> {
    const sequence = this.#numbers.take();
    const isHopeless = this.#isBroken || ciphertext.length < tagBytes;
    const opened = isHopeless ? undefined : this.#key.open(nonceOf(this.#baseNonce, sequence), aad, ciphertext);
    return after(opened, (plaintext) => {
      if (plaintext !== undefined && !this.#isBroken) return plaintext;
      this.#isBroken = true;
      throw new EnclosError('HPKE_OPEN_FAILED');
    });
  }
}
