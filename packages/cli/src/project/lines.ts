/** Cuts a stream of bytes into lines. It holds a bounded number of bytes, so the sender need not be trusted. */
export interface LineReader {
  /**
   * Takes the next bytes.
   * @returns the lines that they finish, without their ends.
   * @throws RangeError for a line of more than `maxLineBytes`; the reader is of no use then.
   */
  push(chunk: Uint8Array): readonly string[];
}

const newline = 0x0a;

export function createLineReader(maxLineBytes: number): LineReader {
  let pieces: Uint8Array[] = [];
  let held = 0;
  const hold = (piece: Uint8Array): void => {
    held += piece.length;
    if (held > maxLineBytes) throw new RangeError(`A line has more than ${maxLineBytes} bytes.`);
    // An empty piece says nothing, and pieces are not bounded by their bytes alone.
    if (piece.length > 0) pieces.push(piece);
  };
  return Object.freeze({
    push(chunk: Uint8Array) {
      const lines: string[] = [];
      let from = 0;
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
        hold(chunk.subarray(from, end));
        lines.push(Buffer.concat(pieces).toString('utf8'));
        pieces = [];
        held = 0;
        from = end + 1;
      }
      // A copy: the rest of a chunk must not keep all of it.
      hold(Uint8Array.from(chunk.subarray(from)));
      return lines;
    },
  });
}
