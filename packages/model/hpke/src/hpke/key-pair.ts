import { EnclosError } from '@enclos/errors';
import { lengthsOf, type KemId } from '../suites.ts';

/**
 * A key pair of a KEM, as bytes. The private key is not a property, so that neither logs nor JSON show it.
 *
 * @throws HPKE_KEY_INVALID for keys of another length. Whether the two belong together is for the caller to know.
 */
export class KemKeyPair {
  readonly kem: KemId;
  readonly publicKey: Uint8Array;
  readonly #privateKey: Uint8Array;

  constructor(kem: KemId, publicKey: Uint8Array, privateKey: Uint8Array) {
    const lengths = lengthsOf(kem);
    requireLength('public key', publicKey, lengths.publicKey);
    requireLength('private key', privateKey, lengths.privateKey);
    this.kem = kem;
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
    Object.freeze(this);
  }

  /** The private key: a scalar, or the seed of X-Wing. For engines, and for replicas that share keys. */
  exportPrivateKey(): Uint8Array {
    return this.#privateKey;
  }
}

/** @throws HPKE_KEY_INVALID. */
export function requireLength(what: string, key: Uint8Array, length: number): void {
  if (key.length === length) return;
  throw new EnclosError('HPKE_KEY_INVALID', `The ${what} has ${key.length} bytes and not ${length}.`);
}
