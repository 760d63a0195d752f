import { EnclosError } from '@enclos/errors';
import type { HpkeEngine, Kem } from '../engine.ts';
import { KemKeyPair, requireLength } from '../hpke/key-pair.ts';
import { kemIds, lengthsOf } from '../suites.ts';

/** X-Wing as `@noble/post-quantum/hybrid.js` exports it (`ml_kem768_x25519`), and any library of that shape. */
export interface XWingLibrary {
  readonly keygen: (seed: Uint8Array) => { readonly publicKey: Uint8Array };
  readonly encapsulate: (publicKey: Uint8Array) => {
    readonly cipherText: Uint8Array;
    readonly sharedSecret: Uint8Array;
  };
  readonly decapsulate: (ciphertext: Uint8Array, seed: Uint8Array) => Uint8Array;
}

const lengths = lengthsOf(kemIds.xWing);

/**
 * X-Wing from a library, for browsers and for Node before 24. This package depends on none: the application brings it.
 *
 * @example
 * ```ts
 * import { webEngine, xWingFrom } from '@enclos/hpke';
 * import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js';
 *
 * const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
 * const engine = webEngine(crypto, { kems: [xWingFrom(ml_kem768_x25519, random)] });
 * ```
 */
export function xWingFrom(library: XWingLibrary, randomBytes: HpkeEngine['randomBytes']): Kem {
  return Object.freeze({
    id: kemIds.xWing,
    generateKeyPair: () => {
      const seed = randomBytes(lengths.privateKey);
      return new KemKeyPair(kemIds.xWing, library.keygen(seed).publicKey, seed);
    },
    encapsulate: (publicKey: Uint8Array) => {
      requireLength('public key', publicKey, lengths.publicKey);
      const { cipherText, sharedSecret } = unlessRefused(() => library.encapsulate(publicKey));
      return { enc: cipherText, sharedSecret };
    },
    decapsulate: (pair: KemKeyPair, enc: Uint8Array) => {
      requireLength('encapsulated key', enc, lengths.enc);
      return unlessRefused(() => library.decapsulate(enc, pair.exportPrivateKey()));
    },
  });
}

function unlessRefused<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw new EnclosError('HPKE_KEY_INVALID', undefined, { cause: error });
  }
}
