import { refuse } from '../errors.ts';
import type { HttpLimits } from '../limits.ts';
import { Fields, tooManyHeaderBytes } from './fields.ts';
import { LineReader } from './line-reader.ts';

/** The limits of the lines around the chunks of a body. */
export type FramingLimits = Pick<HttpLimits, 'maxHeaderBytes' | 'maxHeaders'>;

/** How a message delimits its body: by a number of bytes, or by chunks. */
export type BodyLength = number | 'chunked';

const maxChunkLineBytes = 256;
/**
 * So many bytes of content allow one byte of chunk framing: chunks of ten bytes may continue without end, single bytes may not.
 */
const contentForFraming = 2;
/** RFC 9112 section 7.1.1; a quoted value without escapes, which clients do not use. */
const chunkLine = /^([0-9A-Fa-f]{1,8})(?:;[!#$%&'*+\-.^_`|~\w]+(?:=(?:[!#$%&'*+\-.^_`|~\w]+|"[\t !#-[\]-~]*"))?)*$/;

/** Finds the content of one body in bytes that come in pieces of any size. Extensions and trailers are checked and dropped. */
export class BodyReader {
  readonly #maxBytes: number;
  readonly #limits: FramingLimits;
  readonly #lines = new LineReader();
  readonly #isChunked: boolean;
  #part: 'data' | 'size' | 'end of data' | 'trailers' | 'done';
  /** Bytes left of the body, or of the current chunk. */
  #left: number;
  /** Bytes of all chunks so far, including the current one. */
  #announcedBytes = 0;
  /** Bytes that chunk framing may still take: each chunk costs work, however little it holds. */
  #framingBytes: number;
  #trailers: Fields | undefined;
  /** The content in the last bytes read; undefined when there was none. It shares their memory. */
  piece: Buffer | undefined;

  /** @throws HTTP_MESSAGE_REFUSED for a length above the limit. */
  constructor(length: BodyLength, maxBytes: number, limits: FramingLimits) {
    this.#maxBytes = maxBytes;
    this.#limits = limits;
    this.#isChunked = length === 'chunked';
    this.#left = length === 'chunked' ? 0 : length;
    if (this.#left > maxBytes) bodyTooLarge(maxBytes);
    this.#part = this.#isChunked ? 'size' : this.#left === 0 ? 'done' : 'data';
    this.#framingBytes = limits.maxHeaderBytes;
  }

  get isDone(): boolean {
    return this.#part === 'done';
  }

  /** @returns where the rest begins. Stops after a piece, and after the body. */
  read(chunk: Buffer, from: number): number {
    this.piece = undefined;
    let at = from;
    while (at < chunk.length && this.piece === undefined && this.#part !== 'done') {
      at = this.#part === 'data' ? this.#data(chunk, at) : this.#line(chunk, at);
    }
    return at;
  }

  #data(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.#left);
    this.piece = chunk.subarray(from, end);
    this.#left -= end - from;
    if (this.#left === 0) this.#part = this.#isChunked ? 'end of data' : 'done';
    return end;
  }

  #line(chunk: Buffer, from: number): number {
    const lines = this.#lines;
    if (this.#part === 'trailers') return this.#trailer(chunk, from);
    const end = lines.read(chunk, from, maxChunkLineBytes, badChunk);
    if (lines.line === undefined) return end;
    this.#framingBytes -= lines.lineBytes;
    if (this.#framingBytes < 0) badChunk();
    if (this.#part === 'end of data') {
      if (lines.line !== '') badChunk();
      this.#part = 'size';
    } else {
      this.#size(lines.line);
    }
    return end;
  }

  #size(line: string): void {
    const digits = chunkLine.exec(line)?.[1] ?? badChunk();
    this.#left = Number.parseInt(digits, 16);
    this.#announcedBytes += this.#left;
    if (this.#announcedBytes > this.#maxBytes) bodyTooLarge(this.#maxBytes);
    this.#framingBytes += Math.floor(this.#left / contentForFraming);
    this.#part = this.#left === 0 ? 'trailers' : 'data';
  }

  #trailer(chunk: Buffer, from: number): number {
    this.#trailers ??= new Fields(this.#limits);
    const end = this.#lines.read(chunk, from, this.#trailers.leftBytes, tooManyHeaderBytes);
    const { line, lineBytes } = this.#lines;
    if (line === undefined) return end;
    if (line !== '') {
      this.#trailers.add(line, lineBytes);
    } else {
      // We drop it, but a proxy in front of us may have acted on it.
      if (this.#trailers.hasLeading) refuse(400, 'A trailer holds a field that belongs in the header.');
      this.#part = 'done';
    }
    return end;
  }
}

function badChunk(): never {
  return refuse(400, 'A chunk of the body is malformed.');
}

function bodyTooLarge(maxBytes: number): never {
  return refuse(413, `The body is longer than ${maxBytes} bytes.`);
}

/**
 * How the body of a message is delimited (RFC 9112 section 6). A message that names two ways is refused: two readers could
 * take one each.
 * @returns undefined when the message says nothing.
 */
export function bodyLengthOf(fields: Fields, minorVersion: number): BodyLength | undefined {
  const length = fields.get('content-length');
  const coding = fields.get('transfer-encoding');
  if (coding !== undefined) {
    if (length !== undefined) refuse(400, 'The message gives both a length and a transfer coding.');
    if (minorVersion === 0) refuse(400, 'HTTP/1.0 has no transfer codings.');
    if (coding.toLowerCase() !== 'chunked') refuse(501, 'The transfer coding is not chunked.');
    return 'chunked';
  }
  if (length === undefined) return undefined;
  if (!/^(?:0|[1-9][0-9]*)$/.test(length)) refuse(400, 'The length is not a decimal number.');
  // It may be too large to be exact, but still compares correctly with every limit.
  return Number(length);
}
