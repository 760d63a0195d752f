import { ByteStore } from './byte-store.ts';
import { refuse } from '../errors.ts';

const lineFeed = 0x0a;

/** Lines that end in CRLF and in nothing else, of bytes that come in pieces of any size. */
export class LineReader {
  readonly #held = new ByteStore();
  /** The last one that is whole, without its end and as latin1; undefined while one is under way. */
  line: string | undefined;
  /** Its bytes with its end. */
  lineBytes = 0;

  /**
   * Reads up to the end of one line. Each byte is looked at once, and a line that is too long is refused at the same
   * byte whatever the pieces are.
   * @param onTooLong throws.
   * @returns where the rest begins.
   */
  read(chunk: Buffer, from: number, maxBytes: number, onTooLong: () => never): number {
    this.line = undefined;
    const found = chunk.indexOf(lineFeed, from);
    const end = found === -1 ? chunk.length : found + 1;
    this.lineBytes = this.#held.length + end - from;
    if (this.lineBytes > maxBytes) onTooLong();
    if (found !== -1 && this.#held.length === 0) {
      this.line = ended(chunk.toString('latin1', from, end));
    } else {
      this.#held.add(chunk.subarray(from, end));
      if (found !== -1) this.line = ended(this.#held.take().toString('latin1'));
    }
    return end;
  }
}

/** RFC 9112 section 2.2 lets a recipient take a bare LF for the end of a line. Two recipients that differ in it can be played off. */
function ended(line: string): string {
  if (!line.endsWith('\r\n')) refuse(400, 'A line ends without CR.');
  return line.slice(0, -2);
}
