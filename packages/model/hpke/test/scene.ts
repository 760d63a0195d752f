import { webcrypto } from 'node:crypto';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { type HpkeEngine, type HpkeSuite, aeadIds, kdfIds, kemIds, webEngine } from '../src/index.ts';
import { nodeEngine } from '../src/node/index.ts';

export const x25519Suite: HpkeSuite = { kem: kemIds.x25519, kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm };
export const p384Suite: HpkeSuite = { kem: kemIds.p384, kdf: kdfIds.hkdfSha384, aead: aeadIds.aes256Gcm };

/** Both engines, by name: every protocol is to speak the same bytes over either. */
export const engines: readonly (readonly [name: string, engine: HpkeEngine])[] = [
  ['node:crypto', nodeEngine()],
  ['WebCrypto', webEngine(webcrypto)],
];

export const is =
  (code: ErrorCode) =>
  (error: unknown): boolean =>
    isEnclosError(error, code);

/** An engine whose "random" bytes are these, in this order: for vectors with given keys and nonces. */
export function scriptedEngine(...values: readonly Uint8Array[]): HpkeEngine {
  const rest = [...values];
  return nodeEngine({
    randomBytes: (length) => {
      const next = rest.shift();
      if (next?.length !== length) throw new Error(`The script has no ${length} bytes here.`);
      return next;
    },
  });
}
