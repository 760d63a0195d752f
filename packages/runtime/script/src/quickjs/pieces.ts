/** What is copied between two looks at the time. Even, so that no unit of two bytes is cut. */
export const PIECE_BYTES = 1 << 20;

/** Is told of what is about to be copied, and throws when there is no time for more. */
export type Copying = (bytes: number) => void;

/** Does what takes long piece by piece. */
export function inPieces(length: number, copying: Copying, work: (from: number, to: number) => void): void {
  if (length <= PIECE_BYTES) {
    copying(length);
    work(0, length);
    return;
  }
  for (let from = 0; from < length; from += PIECE_BYTES) {
    const to = Math.min(from + PIECE_BYTES, length);
    copying(to - from);
    work(from, to);
  }
}

export function textInPieces(length: number, copying: Copying, read: (from: number, to: number) => string): string {
  if (length <= PIECE_BYTES) {
    copying(length);
    return read(0, length);
  }
  const pieces: string[] = [];
  inPieces(length, copying, (from, to) => {
    pieces.push(read(from, to));
  });
  return pieces.join('');
}
