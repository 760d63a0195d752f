import { refuse } from '../errors.ts';
import type { HttpLimits } from '../limits.ts';
import { BodyReader, bodyLengthOf, type BodyLength } from './body-reader.ts';
import { Fields, tooManyHeaderBytes } from './fields.ts';
import { ended, LineReader } from './line-reader.ts';
import { checkHost, parseRequestLine, type RequestLine } from './request-line.ts';

/** The head of a request. */
export interface RequestHead extends RequestLine {
  readonly headers: ReadonlyMap<string, string>;
  /** RFC 9112 section 6.3, rule 7: a request that states no length has no body. */
  readonly bodyLength: BodyLength;
  /** The client may wait for a 100 before it sends the body (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean;
  /** The client wants to keep this connection (RFC 9112 section 9.3). */
  readonly wantsToStay: boolean;
}

export type RequestStage = 'nothing' | 'head' | 'before body' | 'body' | 'done';

/** Besides the target: method, spaces, version, line end. */
const restOfLineBytes = 64;
/** The end of the last header line, and the empty line. */
const endOfHead = Buffer.from('\r\n\r\n', 'latin1');
/**
 * A head up to this size is made into one text, which costs less than one for each line. V8 keeps all of a text as long as a
 * part of it is used, so an application that keeps one header of a large head would keep all of it.
 */
const maxTextBytes = 2048;

/**
 * Reads one request from bytes that come in pieces of any size: the same request, or the same refusal, whatever the pieces
 * are. It stops after the head; `openBody` lets it continue.
 */
export class RequestReader {
  readonly #limits: HttpLimits;
  /** For a head that comes in pieces. */
  #lines: LineReader | undefined;
  readonly #fields: Fields;
  #line: RequestLine | undefined;
  #head: RequestHead | undefined;
  #body: BodyReader | undefined;
  #hasBegun = false;
  #hasNoBody = false;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
    this.#fields = new Fields(limits);
  }

  get stage(): RequestStage {
    if (this.#hasNoBody) return 'done';
    if (this.#body !== undefined) return this.#body.isDone ? 'done' : 'body';
    if (this.#head !== undefined) return 'before body';
    return this.#hasBegun ? 'head' : 'nothing';
  }

  /** Undefined until it is complete. */
  get head(): RequestHead | undefined {
    return this.#head;
  }

  /** The body content in the last bytes read. */
  get piece(): Buffer | undefined {
    return this.#body?.piece;
  }

  /**
   * Allows a body of this size.
   * @throws HTTP_MESSAGE_REFUSED with the status 413.
   */
  openBody(maxBodyBytes: number): void {
    const length = this.#head?.bodyLength ?? 0;
    // Most requests have none, and need nothing to read it.
    if (length === 0) this.#hasNoBody = true;
    else this.#body = new BodyReader(length, maxBodyBytes, this.#limits);
  }

  /**
   * @returns where the rest begins. Stops after the head, after each piece of the body, and after the whole request.
   * @throws HTTP_MESSAGE_REFUSED with the `status` to answer. Nothing more can be read then.
   */
  read(chunk: Buffer, from: number): number {
    if (this.#body !== undefined) return this.#body.read(chunk, from);
    let at = from;
    if (!this.#hasBegun) {
      const found = chunk.indexOf(endOfHead, from);
      const end = found + endOfHead.length;
      if (found !== -1 && end - from <= maxTextBytes) return this.#readWhole(chunk.toString('latin1', from, end), from);
    }
    this.#lines ??= new LineReader();
    while (at < chunk.length && this.#head === undefined) {
      this.#hasBegun = true;
      at = this.#line === undefined ? this.#readLine(this.#lines, chunk, at) : this.#readField(this.#lines, chunk, at);
    }
    return at;
  }

  /** Reads a head that came in one piece: the same lines under the same limits, without a look at the bytes for each. */
  #readWhole(text: string, from: number): number {
    this.#hasBegun = true;
    for (let at = 0; ;) {
      const end = text.indexOf('\n', at) + 1;
      const isFirst = this.#line === undefined;
      const maxBytes = isFirst ? this.#limits.maxUrlBytes + restOfLineBytes : this.#fields.leftBytes;
      if (end - at > maxBytes) (isFirst ? targetTooLong : tooManyHeaderBytes)();
      this.#take(ended(text.slice(at, end)), end - at);
      if (this.#head !== undefined) return from + end;
      at = end;
    }
  }

  #readLine(lines: LineReader, chunk: Buffer, from: number): number {
    const end = lines.read(chunk, from, this.#limits.maxUrlBytes + restOfLineBytes, targetTooLong);
    if (lines.line !== undefined) this.#take(lines.line, lines.lineBytes);
    return end;
  }

  #readField(lines: LineReader, chunk: Buffer, from: number): number {
    const end = lines.read(chunk, from, this.#fields.leftBytes, tooManyHeaderBytes);
    if (lines.line !== undefined) this.#take(lines.line, lines.lineBytes);
    return end;
  }

  #take(line: string, lineBytes: number): void {
    if (this.#line === undefined) this.#line = parseRequestLine(line, this.#limits.maxUrlBytes);
    else if (line === '') this.#head = headOf(this.#line, this.#fields);
    else this.#fields.add(line, lineBytes);
  }
}

function headOf(line: RequestLine, fields: Fields): RequestHead {
  checkHost(line, fields.get('host'));
  // A proxy that agreed to it would read what follows as another protocol.
  if (fields.get('upgrade') !== undefined) refuse(501, 'The protocol of a connection is not changed.');
  const isLatest = line.minorVersion === 1;
  const expected = isLatest ? fields.get('expect')?.toLowerCase() : undefined;
  if (expected !== undefined && expected !== '100-continue') refuse(417, 'The expectation is not known.');
  const hasToken = (token: string): boolean => fields.hasToken('connection', token);
  // Copied by name: spreading costs as much as parsing a short request.
  return {
    method: line.method,
    authority: line.authority,
    path: line.path,
    query: line.query,
    minorVersion: line.minorVersion,
    headers: fields.map,
    bodyLength: bodyLengthOf(fields, line.minorVersion) ?? 0,
    expectsContinue: expected !== undefined,
    wantsToStay: !hasToken('close') && (isLatest || hasToken('keep-alive')),
  };
}

function targetTooLong(): never {
  return refuse(414, 'The request line is too long.');
}
