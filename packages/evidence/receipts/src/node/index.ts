import '../errors.ts';
import { hash } from 'node:crypto';
import { nodePublicKeyOf, verifyJwsSync, type NodePublicKey } from '@enclos/jose/node';
import type { SignatureKey } from '@enclos/jose';
import type { ReceiptVerifier } from '../verify.ts';

const imported = new WeakMap<SignatureKey, NodePublicKey<SignatureKey>>();

/**
 * Verifies receipts over node:crypto, each within the caller's turn: WebCrypto hands each digest and signature to another thread, which
 * takes longer than they do.
 *
 * @example
 * import { verifyReceipt, type VerifyReceiptOptions } from '@enclos/receipts';
 * import { nodeReceiptVerifier } from '@enclos/receipts/node';
 *
 * export async function answeringModel(receipt: Uint8Array, options: VerifyReceiptOptions): Promise<string> {
 *   const { claims } = await verifyReceipt(receipt, { ...options, verifier: nodeReceiptVerifier });
 *   return claims.modelDigest;
 * }
 */
export const nodeReceiptVerifier: ReceiptVerifier = Object.freeze<ReceiptVerifier>({
  sha256: (bytes) => {
    const digest = hash('sha256', bytes, 'buffer');
    return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
  },
  holds: (receipt, key) => {
    try {
      return verifyJwsSync(receipt, keyOf(key));
    } catch {
      // A point that is not on its curve verifies nothing.
      return false;
    }
  },
});

function keyOf(key: SignatureKey): NodePublicKey<SignatureKey> {
  const known = imported.get(key) ?? nodePublicKeyOf(key);
  imported.set(key, known);
  return known;
}
