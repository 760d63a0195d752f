/**
 * Cuts what comes over a connection into lines. A line that is longer than it may
 * be throws before it is complete: a client must not fill the memory.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string, void, undefined> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const end = rest.indexOf('\n');
      if ((end === -1 ? rest.length : end) > maxBytes) throw new Error('A line is too long.');
      if (end === -1) break;
      yield rest.toString('utf8', 0, end);
      rest = rest.subarray(end + 1);
    }
  }
}
