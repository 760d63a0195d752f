import * as nodeCrypto from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { equalBytes, fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { Kem } from '../engine.ts';
import { KemKeyPair, requireLength } from '../hpke/key-pair.ts';
import { RecipientKeys } from '../hpke/recipient-keys.ts';
import { kemIds, lengthsOf } from '../suites.ts';
import { HeldKeys, unlessRefused, x25519PrivateKey, x25519PublicKey } from './curves.ts';

/** Key encapsulation of node:crypto, which Node has from 24.7 on and its types for 20 do not name. */
export interface NodeEncapsulation {
  readonly encapsulate: (key: KeyObject) => { readonly sharedKey: Uint8Array; readonly ciphertext: Uint8Array };
  readonly decapsulate: (key: KeyObject, ciphertext: Uint8Array) => Uint8Array;
}

export function encapsulationOfNode(): NodeEncapsulation | undefined {
  // The types for Node 20 do not have these functions; whether this Node has them is checked here.
  const { encapsulate, decapsulate } = nodeCrypto as Partial<NodeEncapsulation>;
  return encapsulate === undefined || decapsulate === undefined ? undefined : { encapsulate, decapsulate };
}

/** RFC 9180, appendix A.1.1. */
const known = Object.freeze({
  privateKey: fromHex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'),
  publicKey: fromHex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d'),
  enc: fromHex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'),
  sharedSecret: fromHex('fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc'),
});

/**
 * DHKEM(X25519, HKDF-SHA256) of OpenSSL (EVP_KEM-X25519), each half in one call: without an object for the ephemeral key, which costs as much as
 * the agreement where its code is not in the cache.
 *
 * @returns undefined where node:crypto does not have it, or makes another secret of a known answer
 */
export function x25519KemOfNode(generateKeyPair: Kem['generateKeyPair']): Kem | undefined {
  const node = encapsulationOfNode();
  if (node === undefined) return undefined;
  const lengths = lengthsOf(kemIds.x25519);
  const recipients = new RecipientKeys((bytes) => unlessRefused(() => x25519PublicKey(bytes)));
  const held = new HeldKeys((pair) => x25519PrivateKey(pair.exportPrivateKey()));
  const decapsulate = (pair: KemKeyPair, enc: Uint8Array): Uint8Array => {
    requireLength('encapsulated key', enc, lengths.enc);
    const own = held.of(pair);
    // OpenSSL refuses points of small order (RFC 9180, section 7.1.4).
    return unlessRefused(() => node.decapsulate(own, enc)) ?? refuseKey();
  };
  const pair = new KemKeyPair(kemIds.x25519, known.publicKey, known.privateKey);
  const answer = unlessRefused(() => decapsulate(pair, known.enc));
  if (answer === undefined || !equalBytes(answer, known.sharedSecret)) return undefined;
  return Object.freeze({
    id: kemIds.x25519,
    generateKeyPair,
    encapsulate: (publicKey: Uint8Array) => {
      requireLength('public key', publicKey, lengths.publicKey);
      const theirs = recipients.of(publicKey) ?? refuseKey();
      const { ciphertext: enc, sharedKey: sharedSecret } = unlessRefused(() => node.encapsulate(theirs)) ?? refuseKey();
      return { enc, sharedSecret };
    },
    decapsulate,
  });
}

function refuseKey(): never {
  throw new EnclosError('HPKE_KEY_INVALID');
}
