import type { BodyShare } from '@enclos/codec';
import { ByteStore } from './byte-store.ts';
import { refuse } from './errors.ts';
import { Fields, tooManyHeaderBytes } from './fields.ts';
import type { HttpLimits } from './limits.ts';
import { LineReader } from './line-reader.ts';

/** Room among the bodies of all connections. */
export type BodyBudget = Pick<BodyShare, 'take'>;

type BodyLimits = Pick<HttpLimits, 'maxBodyBytes' | 'maxHeaderBytes' | 'maxHeaders'>;

const none = Buffer.alloc(0);
const maxChunkLineBytes = 256;
/** So many bytes of content allow one byte around chunks: chunks of ten bytes may come without end, single bytes may not. */
const contentForFraming = 2;
/** RFC 9112 section 7.1.1; a quoted value without escapes, which clients do not use. */
const chunkLine = /^([0-9A-Fa-f]{1,8})(?:;[!#$%&'*+\-.^_`|~\w]+(?:=(?:[!#$%&'*+\-.^_`|~\w]+|"[\t !#-[\]-~]*"))?)*$/;

/** A body whose length was said before it, or in chunks. Trailers and extensions are read, checked and dropped. */
export class BodyReader {
  readonly #limits: BodyLimits;
  readonly #budget: BodyBudget;
  readonly #store: ByteStore;
  readonly #lines = new LineReader();
  readonly #isChunked: boolean;
  #part: 'data' | 'size' | 'end of data' | 'trailers' | 'done';
  /** Of the body, or of the chunk under way. */
  #left: number;
  /** What lines around chunks may still take: each chunk costs work, however little is in it. */
  #framingBytes: number;
  #trailers: Fields | undefined;
  body: Buffer = none;

  /** @param length of the body, undefined for one in chunks. It is within the limits. */
  constructor(length: number | undefined, limits: BodyLimits, budget: BodyBudget) {
    this.#limits = limits;
    this.#budget = budget;
    this.#isChunked = length === undefined;
    this.#left = length ?? 0;
    this.#part = this.#isChunked ? 'size' : this.#left === 0 ? 'done' : 'data';
    this.#framingBytes = limits.maxHeaderBytes;
    this.#store = new ByteStore(length ?? limits.maxBodyBytes);
  }

  get isDone(): boolean {
    return this.#part === 'done';
  }

  /** @returns where the rest begins, which is behind the body once it is done. */
  read(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#part !== 'done') {
      at = this.#part === 'data' ? this.#data(chunk, at) : this.#line(chunk, at);
    }
    return at;
  }

  #data(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.#left);
    const bytes = chunk.subarray(from, end);
    if (!this.#budget.take(bytes.length)) refuse(503, 'The bodies of all requests take too much.');
    this.#left -= bytes.length;
    // A body that comes at once is not copied.
    if (!this.#isChunked && this.#left === 0 && this.#store.length === 0) this.body = bytes;
    else this.#store.add(bytes);
    if (this.#left > 0) return end;
    if (this.#isChunked) this.#part = 'end of data';
    else this.#finish();
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
    if (this.#store.length + this.#left > this.#limits.maxBodyBytes) bodyTooLarge(this.#limits);
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
      // Dropped here, it would still have been believed by somebody before.
      if (this.#trailers.hasLeading) refuse(400, 'A trailer is one that only a header can be.');
      this.#finish();
    }
    return end;
  }

  #finish(): void {
    if (this.#store.length > 0) this.body = this.#store.take();
    this.#part = 'done';
  }
}

function badChunk(): never {
  return refuse(400, 'A chunk of the body is not of the right form.');
}

function bodyTooLarge({ maxBodyBytes }: Pick<HttpLimits, 'maxBodyBytes'>): never {
  return refuse(413, `The body is longer than ${maxBodyBytes} bytes.`);
}

/**
 * How the body of a message is delimited (RFC 9112 section 6). Where two ways are named, two readers could take one each.
 * @returns its length, `chunked`, or undefined when nothing is said.
 */
export function lengthOf(fields: Fields, minorVersion: number, limits: BodyLimits): number | 'chunked' | undefined {
  const length = fields.get('content-length');
  const coding = fields.get('transfer-encoding');
  if (coding !== undefined) {
    if (length !== undefined) refuse(400, 'The message says both a length and a transfer coding.');
    if (minorVersion === 0) refuse(400, 'HTTP/1.0 has no transfer codings.');
    if (coding.toLowerCase() !== 'chunked') refuse(501, 'The transfer coding is not chunked.');
    return 'chunked';
  }
  if (length === undefined) return undefined;
  if (!/^(?:0|[1-9][0-9]*)$/.test(length)) refuse(400, 'The length is no decimal number.');
  // However long the number is: it only has to compare right.
  if (Number(length) > limits.maxBodyBytes) bodyTooLarge(limits);
  return Number(length);
}
