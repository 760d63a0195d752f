import { refuse } from '../errors.ts';
import type { HttpLimits } from '../limits.ts';
import { BodyReader, bodyLengthOf, type BodyLength } from './body-reader.ts';
import { Fields, tooManyHeaderBytes } from './fields.ts';
import { LineReader } from './line-reader.ts';
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

/**
 * Reads one request from bytes that come in pieces of any size: the same request, or the same refusal, whatever the pieces
 * are. It stops after the head; `openBody` lets it continue.
 */
export class RequestReader {
  readonly #limits: HttpLimits;
  readonly #lines = new LineReader();
  readonly #fields: Fields;
  #line: RequestLine | undefined;
  #head: RequestHead | undefined;
  #body: BodyReader | undefined;
  #hasBegun = false;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
    this.#fields = new Fields(limits);
  }

  get stage(): RequestStage {
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
    this.#body = new BodyReader(this.#head?.bodyLength ?? 0, maxBodyBytes, this.#limits);
  }

  /**
   * @returns where the rest begins. Stops after the head, after each piece of the body, and after the whole request.
   * @throws HTTP_MESSAGE_REFUSED with the `status` to answer. Nothing more can be read then.
   */
  read(chunk: Buffer, from: number): number {
    if (this.#body !== undefined) return this.#body.read(chunk, from);
    let at = from;
    while (at < chunk.length && this.#head === undefined) {
      this.#hasBegun = true;
      at = this.#line === undefined ? this.#readLine(chunk, at) : this.#readField(chunk, at, this.#line);
    }
    return at;
  }

  #readLine(chunk: Buffer, from: number): number {
    const { maxUrlBytes } = this.#limits;
    const end = this.#lines.read(chunk, from, maxUrlBytes + restOfLineBytes, targetTooLong);
    const { line } = this.#lines;
    if (line !== undefined) this.#line = parseRequestLine(line, maxUrlBytes);
    return end;
  }

  #readField(chunk: Buffer, from: number, requestLine: RequestLine): number {
    const end = this.#lines.read(chunk, from, this.#fields.leftBytes, tooManyHeaderBytes);
    const { line, lineBytes } = this.#lines;
    if (line === '') this.#head = headOf(requestLine, this.#fields);
    else if (line !== undefined) this.#fields.add(line, lineBytes);
    return end;
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
