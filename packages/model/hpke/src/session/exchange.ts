import { EnclosError } from '@enclos/errors';
import { after } from '../engine.ts';
import type { MessageOpener, MessageSealer } from '../chunks/stream.ts';
import { tagBytes } from '../suites.ts';
import type { DirectionKey } from './keys.ts';

/** A bound on chunks of one direction of one exchange, far from where a nonce would repeat. */
const maximumChunks = 2 ** 31;

/** What the chunks of one direction of one exchange have in common. */
export interface ExchangeSide {
  readonly direction: DirectionKey;
  readonly exchange: number;
  /** The binding of the request, in both directions. */
  readonly binding: Uint8Array;
}

/** The base nonce with the numbers of exchange and chunk over its last eight bytes: each pair comes once for a key. */
function nonceOf({ direction, exchange }: ExchangeSide, chunk: number): Uint8Array {
  const nonce = direction.baseNonce.slice();
  const view = new DataView(nonce.buffer, nonce.byteOffset);
  view.setUint32(4, (view.getUint32(4) ^ exchange) >>> 0);
  view.setUint32(8, (view.getUint32(8) ^ chunk) >>> 0);
  return nonce;
}

/** Numbers, the mark of the last chunk, and the binding. The direction is in the key. */
function aadOf({ exchange, binding }: ExchangeSide, chunk: number, mark: Uint8Array): Uint8Array {
  const aad = new Uint8Array(9 + binding.length);
  const view = new DataView(aad.buffer);
  view.setUint32(0, exchange);
  view.setUint32(4, chunk);
  aad[8] = mark.length > 0 ? 1 : 0;
  aad.set(binding, 9);
  return aad;
}

export function exchangeSealer(side: ExchangeSide): MessageSealer {
  let next = 0;
  return {
    seal: (plaintext, mark, form) => {
      const chunk = next++;
      if (chunk >= maximumChunks) throw new EnclosError('HPKE_LIMIT_EXCEEDED');
      return side.direction.key.seal(nonceOf(side, chunk), aadOf(side, chunk, mark), plaintext, form);
    },
  };
}

export function exchangeOpener(side: ExchangeSide): MessageOpener {
  let next = 0;
  return {
    open: (ciphertext, mark) => {
      const chunk = next++;
      if (chunk >= maximumChunks) throw new EnclosError('HPKE_LIMIT_EXCEEDED');
      if (ciphertext.length < tagBytes) throw new EnclosError('HPKE_OPEN_FAILED');
      const opened = side.direction.key.open(nonceOf(side, chunk), aadOf(side, chunk, mark), ciphertext);
      return after(opened, (plaintext) => {
        if (plaintext === undefined) throw new EnclosError('HPKE_OPEN_FAILED');
        return plaintext;
      });
    },
  };
}
