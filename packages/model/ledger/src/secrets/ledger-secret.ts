import { EnclosError } from '@enclos/errors';
import type { GcmKey, KeyedHash, LedgerDigests } from '../digests.ts';
import { commitKeyOf } from '../entry/digests.ts';

export const secretBytes = 32;

/** A ledger secret with the keys that are made of it. The secret itself does not show in output. */
export class LedgerSecret {
  /** Encrypts and decrypts private parts. */
  readonly key: GcmKey;
  /** For `commitEvidence`. */
  readonly commitKey: KeyedHash;
  readonly #bytes: Uint8Array;

  /** @param bytes 32 random bytes. @throws CODEC_OUT_OF_RANGE for another length. */
  constructor(digests: LedgerDigests, bytes: Uint8Array) {
    if (bytes.length !== secretBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A ledger secret has 32 bytes.');
    this.#bytes = bytes.slice();
    this.key = digests.aes256Gcm(this.#bytes);
    this.commitKey = commitKeyOf(digests, this.#bytes);
  }

  /** The secret itself, to wrap it. */
  reveal(): Uint8Array {
    return this.#bytes.slice();
  }
}
