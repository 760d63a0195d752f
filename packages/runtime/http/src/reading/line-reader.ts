import { ByteStore } from './byte-store.ts';
import { refuse } from '../errors.ts';

const lineFeed = 0x0a;

/** Reads lines that end in CRLF and nothing else, from bytes that arrive in pieces of any size. */
export class LineReader {
  #held: ByteStore | undefined;
  /** The last whole line, without its end and as latin1; undefined while a line is being read. */
  line: string | undefined;
  /** The bytes of the line, including its end. */
  lineBytes = 0;

  /**
   * Reads up to the end of one line. Each byte is examined once, and a line that is too long is refused at the same byte
   * whatever the pieces are.
   * @param onTooLong throws.
   * @returns where the rest begins.
   */
  read(chunk: Buffer, from: number, maxBytes: number, onTooLong: () => never): number {
    this.line = undefined;
    const found = chunk.indexOf(lineFeed, from);
    const end = found === -1 ? chunk.length : found + 1;
    this.lineBytes = (this.#held?.length ?? 0) + end - from;
    if (this.lineBytes > maxBytes) onTooLong();
    if (found !== -1 && this.#held === undefined) {
      this.line = ended(chunk.toString('latin1', from, end));
      return end;
    }
    this.#held ??= new ByteStore();
    this.#held.add(chunk.subarray(from, end));
    if (found !== -1) {
      this.line = ended(this.#held.take().toString('latin1'));
      this.#held = undefined;
    }
    return end;
  }
}

/**
 * RFC 9112 section 2.2 lets a recipient accept a bare LF as the end of a line. An attacker can exploit two recipients that
 * differ in this.
 */
export function ended(line: string): string {
  if (!line.endsWith('\r\n')) refuse(400, 'A line ends without CR.');
  return line.slice(0, -2);
}
