import { EnclosError } from '@enclos/errors';
import { limits } from '../limits.ts';
import { BLOCK_BYTES } from './entry.ts';
import { layerInvalid } from './path.ts';

/** Takes an archive apart at the places that its reader names. */
export interface PieceReader {
  /** The next 512 bytes; undefined at the end. @throws OCI_LAYER_INVALID when it ends within them. */
  block(): Promise<Uint8Array | undefined>;
  /** Content and what fills it up to whole blocks. */
  bytes(sizeBytes: number): Promise<Uint8Array>;
  /** The same, piece by piece. */
  pass(sizeBytes: number, sink: (piece: Uint8Array) => void): Promise<void>;
  /** Lets go of the source. */
  close(): Promise<void>;
}

export function createPieceReader(pieces: AsyncIterable<Uint8Array>, budget: { unpackedBytes: number }): PieceReader {
  const source = pieces[Symbol.asyncIterator]();
  let piece: Uint8Array = new Uint8Array();

  /** Up to `most` bytes of the piece at hand, of the next one when that is used up; undefined at the end. */
  const some = async (most: number): Promise<Uint8Array | undefined> => {
    while (piece.length === 0) {
      const next = await source.next();
      if (next.done === true) return undefined;
      piece = next.value;
      budget.unpackedBytes -= piece.length;
      if (budget.unpackedBytes < 0) throw tooLarge();
    }
    const taken = piece.subarray(0, most);
    piece = piece.subarray(taken.length);
    return taken;
  };
  const pass = async (sizeBytes: number, sink: (piece: Uint8Array) => void): Promise<void> => {
    for (let left = sizeBytes; left > 0;) {
      const taken = await some(left);
      if (taken === undefined) throw layerInvalid('ends too early');
      left -= taken.length;
      sink(taken);
    }
  };
  const withPadding = async (sizeBytes: number, sink: (piece: Uint8Array) => void): Promise<void> => {
    await pass(sizeBytes, sink);
    await pass((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES, () => undefined);
  };
  const fill = async (into: Uint8Array, how: typeof pass): Promise<Uint8Array> => {
    let at = 0;
    await how(into.length, (taken) => {
      into.set(taken, at);
      at += taken.length;
    });
    return into;
  };
  return Object.freeze({
    async block() {
      const first = await some(BLOCK_BYTES);
      if (first === undefined || first.length === BLOCK_BYTES) return first;
      const block = new Uint8Array(BLOCK_BYTES);
      block.set(first);
      await fill(block.subarray(first.length), pass);
      return block;
    },
    bytes: (sizeBytes: number) => fill(new Uint8Array(sizeBytes), withPadding),
    pass: withPadding,
    async close() {
      await source.return?.();
    },
  });
}

function tooLarge(): EnclosError {
  const maxBytes = limits.unpackedBytes;
  return new EnclosError('OCI_TOO_LARGE', `The layers unpack to more than ${maxBytes} bytes.`, {
    details: { what: 'layers', maxBytes },
  });
}
