import { BodyReader, bodyLengthOf, type FramingLimits } from './body-reader.ts';
import { refuse } from '../errors.ts';
import { Fields, tooManyHeaderBytes } from './fields.ts';
import { LineReader } from './line-reader.ts';

interface ResponseLimits extends FramingLimits {
  readonly maxBodyBytes: number;
}

const maxStatusLineBytes = 1024;
/** A server may send several interim responses (RFC 9110 section 15.2), but not without end. */
const maxInterim = 8;
const statusLine = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;

/** Reads the answer to one request, other than HEAD, from bytes that arrive in pieces of any size. */
export class ResponseReader {
  readonly #limits: ResponseLimits;
  readonly #onPiece: (piece: Buffer) => void;
  readonly #lines = new LineReader();
  #fields: Fields;
  #minorVersion = 0;
  #status = 0;
  #interim = 0;
  #body: BodyReader | undefined;

  /** @param onPiece takes the body as it comes, in pieces that share the memory of what is read */
  constructor(limits: ResponseLimits, onPiece: (piece: Buffer) => void) {
    this.#limits = limits;
    this.#onPiece = onPiece;
    this.#fields = new Fields(limits);
  }

  /** Whether all before the body has been read. */
  get hasHead(): boolean {
    return this.#body !== undefined;
  }

  get isDone(): boolean {
    return this.#body?.isDone ?? false;
  }

  get status(): number {
    return this.#status;
  }

  get headers(): ReadonlyMap<string, string> {
    return this.#fields.map;
  }

  /**
   * Reads until the answer is whole, and nothing after it.
   * @returns how much was read
   * @throws HTTP_MESSAGE_REFUSED
   */
  read(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.isDone) {
      if (this.#body !== undefined) at = this.#readBody(this.#body, chunk, at);
      else if (this.#status === 0) at = this.#readStatus(chunk, at);
      else at = this.#readField(chunk, at);
    }
    return at;
  }

  #readStatus(chunk: Buffer, from: number): number {
    const end = this.#lines.read(chunk, from, maxStatusLineBytes, badStatusLine);
    const { line } = this.#lines;
    if (line === undefined) return end;
    const [, minor, status] = statusLine.exec(line) ?? badStatusLine();
    this.#minorVersion = Number(minor);
    this.#status = Number(status);
    return end;
  }

  #readField(chunk: Buffer, from: number): number {
    const end = this.#lines.read(chunk, from, this.#fields.leftBytes, tooManyHeaderBytes);
    const { line, lineBytes } = this.#lines;
    if (line === '') this.#headIsRead();
    else if (line !== undefined) this.#fields.add(line, lineBytes);
    return end;
  }

  #readBody(body: BodyReader, chunk: Buffer, from: number): number {
    const end = body.read(chunk, from);
    if (body.piece !== undefined) this.#onPiece(body.piece);
    return end;
  }

  #headIsRead(): void {
    if (this.#status < 200) return this.#skipInterim();
    const isWithoutBody = this.#status === 204 || this.#status === 304;
    const length = isWithoutBody ? 0 : bodyLengthOf(this.#fields, this.#minorVersion);
    // RFC 9112 section 6.3, rule 8, lets the end of the connection end the body. The host could end it anywhere.
    if (length === undefined) refuse(400, 'The answer does not say where its body ends.');
    this.#body = new BodyReader(length, this.#limits.maxBodyBytes, this.#limits);
  }

  #skipInterim(): void {
    this.#interim += 1;
    if (this.#status === 101 || this.#interim > maxInterim) badStatusLine();
    this.#status = 0;
    this.#fields = new Fields(this.#limits);
  }
}

function badStatusLine(): never {
  return refuse(400, 'The answer does not begin as one of HTTP/1.1 does.');
}
