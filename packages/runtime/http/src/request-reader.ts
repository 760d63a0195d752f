import { BodyReader, lengthOf, type BodyBudget } from './body-reader.ts';
import { misused, refuse } from './errors.ts';
import { Fields, tooManyHeaderBytes } from './fields.ts';
import type { HttpLimits } from './limits.ts';
import { LineReader } from './line-reader.ts';
import { checkHost, parseRequestLine, type RequestLine } from './request-line.ts';
import type { BodyLimit } from './types.ts';

/** Beside the target: method, spaces, version, end. */
const restOfLineBytes = 64;

/**
 * Reads one request of bytes that come in pieces of any size: the same request, or the same refusal, whatever the pieces are.
 * The limits hold for what is kept, at any moment.
 */
export class RequestReader {
  readonly #limits: HttpLimits;
  readonly #budget: BodyBudget;
  readonly #bodyLimit: BodyLimit | undefined;
  readonly #lines = new LineReader();
  readonly #fields: Fields;
  #line: RequestLine | undefined;
  #body: BodyReader | undefined;
  #hasBegun = false;

  constructor(limits: HttpLimits, budget: BodyBudget, bodyLimit?: BodyLimit) {
    this.#limits = limits;
    this.#budget = budget;
    this.#bodyLimit = bodyLimit;
    this.#fields = new Fields(limits);
  }

  get stage(): 'nothing' | 'head' | 'body' | 'done' {
    if (this.#body !== undefined) return this.#body.isDone ? 'done' : 'body';
    return this.#hasBegun ? 'head' : 'nothing';
  }

  /**
   * @returns where the rest begins. Stops after the head, and after the whole request.
   * @throws HTTP_MESSAGE_REFUSED with the `status` to answer; HTTP_MISUSED for a limit of the body that is not a number.
   *   Nothing more can be read then.
   */
  read(chunk: Buffer, from: number): number {
    if (this.#body !== undefined) return this.#body.read(chunk, from);
    let at = from;
    while (at < chunk.length && this.#body === undefined) {
      this.#hasBegun = true;
      at = this.#line === undefined ? this.#readLine(chunk, at) : this.#readField(chunk, at, this.#line);
    }
    return at;
  }

  /** From the head on. */
  get head(): RequestLine | undefined {
    return this.#body === undefined ? undefined : this.#line;
  }

  get headers(): ReadonlyMap<string, string> {
    return this.#fields.map;
  }

  get body(): Uint8Array {
    return this.#body?.body ?? new Uint8Array(0);
  }

  /** RFC 9110 section 10.1.1. From the head on. */
  get waitsForContinue(): boolean {
    return this.#line?.minorVersion === 1 && this.#fields.get('expect') !== undefined;
  }

  /** RFC 9112 section 9.3. */
  get wantsToStay(): boolean {
    if (this.#fields.hasToken('connection', 'close')) return false;
    return this.#line?.minorVersion === 1 || this.#fields.hasToken('connection', 'keep-alive');
  }

  #readLine(chunk: Buffer, from: number): number {
    const { maxUrlBytes } = this.#limits;
    const end = this.#lines.read(chunk, from, maxUrlBytes + restOfLineBytes, targetTooLong);
    const { line } = this.#lines;
    if (line !== undefined) this.#line = parseRequestLine(line, maxUrlBytes);
    return end;
  }

  #readField(chunk: Buffer, from: number, head: RequestLine): number {
    const end = this.#lines.read(chunk, from, this.#fields.leftBytes, tooManyHeaderBytes);
    const { line, lineBytes } = this.#lines;
    if (line === '') this.#body = this.#bodyBehind(head);
    else if (line !== undefined) this.#fields.add(line, lineBytes);
    return end;
  }

  #bodyBehind(head: RequestLine): BodyReader {
    const fields = this.#fields;
    checkHost(head, fields.get('host'));
    // What comes behind it would be another protocol for whoever goes along.
    if (fields.get('upgrade') !== undefined) refuse(501, 'The protocol of a connection is not changed.');
    const expected = fields.get('expect')?.toLowerCase();
    if (head.minorVersion === 1 && expected !== undefined && expected !== '100-continue') {
      refuse(417, 'What is expected is not known.');
    }
    const limits = this.#limitsOf(head);
    const length = lengthOf(fields, head.minorVersion, limits);
    return new BodyReader(length === 'chunked' ? undefined : (length ?? 0), limits, this.#budget);
  }

  #limitsOf({ method, path }: RequestLine): HttpLimits {
    if (this.#bodyLimit === undefined) return this.#limits;
    const most = this.#bodyLimit({ method, path, headers: this.#fields.map });
    if (!Number.isSafeInteger(most) || most < 0) misused('The limit of a body is not a number of bytes.');
    return { ...this.#limits, maxBodyBytes: Math.min(most, this.#limits.maxBodyBytes) };
  }
}

function targetTooLong(): never {
  return refuse(414, 'The request line is too long.');
}
