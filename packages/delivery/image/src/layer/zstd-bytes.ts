/** Takes bytes off pieces, as many as are asked for. */
export interface ByteReader {
  /** @throws what it was made with, when there are fewer */
  take(count: number): Promise<Uint8Array>;
  skip(count: number): Promise<void>;
  isAtEnd(): Promise<boolean>;
  /** Ends the source, read or not. */
  close(): Promise<void>;
}

/** @param ended the error for a source that ends within what is asked for */
export function createByteReader(pieces: AsyncIterable<Uint8Array>, ended: () => Error): ByteReader {
  const iterator = pieces[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  const isAtEnd = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return true;
      rest = next.value;
    }
    return false;
  };
  /** The buffered bytes, up to a number. */
  const some = async (most: number): Promise<Uint8Array> => {
    if (await isAtEnd()) throw ended();
    const taken = rest.subarray(0, most);
    rest = rest.subarray(taken.length);
    return taken;
  };
  return Object.freeze({
    isAtEnd,
    async take(count: number) {
      const bytes = new Uint8Array(count);
      for (let at = 0; at < count;) {
        const piece = await some(count - at);
        bytes.set(piece, at);
        at += piece.length;
      }
      return bytes;
    },
    async skip(count: number) {
      for (let left = count; left > 0;) left -= (await some(left)).length;
    },
    async close() {
      await iterator.return?.();
    },
  });
}
