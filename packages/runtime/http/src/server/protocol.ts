import type { HttpLimits } from '../limits.ts';
import { RequestReader, type RequestHead, type RequestStage } from '../reading/request-reader.ts';
import type { HttpResponse } from '../types.ts';
import type { DateField } from '../writing/date-field.ts';
import {
  encodePiece,
  encodeResponse,
  encodeStreamHead,
  hasBody,
  lastChunk,
  refusal,
  type ResponseFrame,
  type Sendable,
  type StreamFraming,
  type WholeResponse,
} from '../writing/response.ts';
import { Input } from './input.ts';

/** What the bytes of a client say. */
export type ProtocolEvent =
  /** A request begins. `openBody` allows its body. */
  | { readonly type: 'head'; readonly head: RequestHead }
  | { readonly type: 'data'; readonly bytes: Buffer }
  /** The request is complete. The next one is read after its answer. */
  | { readonly type: 'end' };

/** The progress of the answer to the current request. */
type AnswerStage = 'none' | 'streamed' | 'complete';

const end: ProtocolEvent = Object.freeze({ type: 'end' });
const continueLine = 'HTTP/1.1 100 Continue\r\n\r\n';

/**
 * The server's side of HTTP/1.1 on one connection (RFC 9112), without I/O and without timers: it takes bytes and gives events,
 * takes answers and gives bytes. It handles one request after the other: head, body, answer, and then the next.
 */
export class ServerProtocol {
  readonly #limits: HttpLimits;
  readonly #date: DateField;
  readonly #input = new Input();
  #reader: RequestReader;
  #lastEvent: ProtocolEvent['type'] | undefined;
  #answer: AnswerStage = 'none';
  #framing: StreamFraming = 'chunked';
  #requests = 0;
  #hasEnded = false;
  #owesContinue = false;
  #staysOpen = true;

  constructor(limits: HttpLimits, date: DateField) {
    this.#limits = limits;
    this.#date = date;
    this.#reader = new RequestReader(limits);
  }

  get stage(): RequestStage {
    return this.#reader.stage;
  }

  get answer(): AnswerStage {
    return this.#answer;
  }

  /** Bytes that arrived and were not read yet. */
  get heldBytes(): number {
    return this.#input.length;
  }

  /** The client sends no more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the connection outlives the answer. */
  get staysOpen(): boolean {
    return this.#staysOpen;
  }

  receive(bytes: Buffer): void {
    this.#input.add(bytes);
  }

  receiveEnd(): void {
    this.#hasEnded = true;
  }

  /**
   * The next event from the client.
   * @returns undefined as long as more bytes are needed, and between the end of a request and `nextRequest`.
   * @throws HTTP_MESSAGE_REFUSED with the `status` to answer. Nothing more can be read then.
   */
  next(): ProtocolEvent | undefined {
    const reader = this.#reader;
    if (this.#lastEvent === 'end') return undefined;
    for (;;) {
      if (reader.stage === 'done') return this.#said(end);
      if (this.#input.length === 0) return undefined;
      this.#input.read((chunk, from) => reader.read(chunk, from));
      if (reader.piece !== undefined) return this.#said({ type: 'data', bytes: reader.piece });
      if (reader.stage === 'before body' && reader.head !== undefined) return this.#begun(reader.head);
    }
  }

  /** @throws HTTP_MESSAGE_REFUSED (413) when the body is announced as longer. */
  openBody(maxBodyBytes: number): void {
    this.#reader.openBody(maxBodyBytes);
  }

  /**
   * The interim response that the client awaits before it sends the body; undefined when it does not wait, and after the answer
   * began.
   */
  continueBody(): string | undefined {
    const mustTell = this.#owesContinue && this.#answer === 'none' && this.stage === 'body' && this.heldBytes === 0;
    if (!mustTell) return undefined;
    this.#owesContinue = false;
    return continueLine;
  }

  /** A whole answer. @throws HTTP_MISUSED for an invalid response; then there is no answer. */
  respond(response: WholeResponse, isLast: boolean): readonly Sendable[] {
    const bytes = encodeResponse(response, this.#frame(isLast));
    this.#answer = 'complete';
    return bytes;
  }

  /**
   * Begins an answer whose body comes in pieces.
   * @returns its head, and whether pieces must follow.
   * @throws HTTP_MISUSED as `respond`.
   */
  respondInPieces(response: HttpResponse, isLast: boolean): { readonly head: string; readonly takesPieces: boolean } {
    const { method, minorVersion } = this.#head;
    const takesPieces = hasBody(method, response.status);
    this.#framing = minorVersion === 0 ? 'closed' : 'chunked';
    const isClosed = takesPieces && this.#framing === 'closed';
    const head = encodeStreamHead(response, this.#frame(isLast || isClosed), this.#framing);
    this.#answer = takesPieces ? 'streamed' : 'complete';
    return { head, takesPieces };
  }

  /** @throws HTTP_MISUSED for what is neither bytes nor a string. */
  piece(piece: Uint8Array | string): readonly Sendable[] {
    return encodePiece(piece, this.#framing);
  }

  lastPiece(): readonly Sendable[] {
    this.#answer = 'complete';
    return this.#framing === 'chunked' ? [lastChunk] : [];
  }

  /** The server's own answer, which is the last one, because it is not known where the next request begins. */
  refuse(status: number): readonly Sendable[] {
    return this.respond(refusal(status), true);
  }

  /** Continues after the answer. */
  nextRequest(): void {
    this.#reader = new RequestReader(this.#limits);
    this.#lastEvent = undefined;
    this.#answer = 'none';
    this.#owesContinue = false;
  }

  /** Forgets the bytes that arrived and the message being read. */
  clear(): void {
    this.nextRequest();
    this.#input.clear();
  }

  get #head(): Pick<RequestHead, 'method' | 'minorVersion' | 'wantsToStay'> {
    return this.#reader.head ?? { method: 'GET', minorVersion: 1, wantsToStay: false };
  }

  #begun(head: RequestHead): ProtocolEvent {
    this.#requests += 1;
    this.#owesContinue = head.expectsContinue;
    return this.#said({ type: 'head', head });
  }

  #said(event: ProtocolEvent): ProtocolEvent {
    // A client that sends the body no longer waits.
    if (event.type === 'data') this.#owesContinue = false;
    this.#lastEvent = event.type;
    return event;
  }

  #frame(isLast: boolean): ResponseFrame {
    const { method, minorVersion, wantsToStay } = this.#head;
    const isLastPossible = this.#requests >= this.#limits.maxRequestsPerConnection;
    const isLastOfClient = this.#hasEnded && this.#input.length === 0;
    // A client that was never told to send its body may leave it out, or not: the next request cannot be found.
    const isLost = this.#owesContinue && this.#lastEvent !== 'end';
    this.#staysOpen = wantsToStay && !isLast && !isLastPossible && !isLastOfClient && !isLost;
    // A client of HTTP/1.0 has to be told that its wish is granted (RFC 9112 appendix C.2.2).
    const kept = minorVersion === 0 ? 'keep-alive' : undefined;
    return { method, connection: this.#staysOpen ? kept : 'close', dateField: this.#date() };
  }
}
