import { EnclosError } from '@enclos/errors';
import type { BodyShare } from '@enclos/bounded';
import type { RequestHead } from '../reading/request-reader.ts';
import type { HttpResponse } from '../types.ts';
import { DiscardedBody, type BodyTaker } from './body-taker.ts';
import { CallSignal } from './call-signal.ts';
import { RequestBody } from './request-body.ts';
import { discard, ResponseStream, type PieceSink } from './response-stream.ts';

/** The work of a handler for one request. */
export type Work = () => Promise<HttpResponse> | HttpResponse;

/** Learns how the work ended, as long as the exchange was not abandoned. */
export interface WorkResult {
  answered(response: HttpResponse): void;
  failed(error: unknown): void;
}

/** One request from its head to the end of its answer: it passes the body on and runs the handler. */
export class Exchange {
  readonly head: RequestHead;
  readonly call = new CallSignal();
  readonly #share: BodyShare | undefined;
  #body: BodyTaker;
  #stream: ResponseStream | undefined;
  #isBodyComplete = false;
  #isWorking = false;
  #isAbandoned = false;

  /** @param share the room of a collected body: it is kept as long as the handler or its answer may use the body. */
  constructor(head: RequestHead, body: BodyTaker, share?: BodyShare) {
    this.head = head;
    this.#body = body;
    this.#share = share;
  }

  get isBodyComplete(): boolean {
    return this.#isBodyComplete;
  }

  /** More of the body may be read from the client. */
  get takesBody(): boolean {
    return !this.#isBodyComplete && this.#body.isWanted;
  }

  /** The handler waits for more of the body. */
  get isBodyWanted(): boolean {
    return this.#body instanceof RequestBody && this.#body.isWanted;
  }

  /** The answer was sent, and the rest of the body is read so that the next request can follow. */
  get isDiscarding(): boolean {
    return this.#body instanceof DiscardedBody;
  }

  /** @throws HTTP_MESSAGE_REFUSED when the body is too long. */
  addToBody(bytes: Buffer): void {
    this.#body.add(bytes);
  }

  finishBody(): void {
    this.#isBodyComplete = true;
    this.#body.finish();
  }

  /** Runs the handler. An answer without a promise is taken at once. */
  run(work: Work, result: WorkResult): void {
    this.#isWorking = true;
    try {
      const response = work();
      if (response instanceof Promise) return void this.#answerLater(response, result);
      this.#answered(response, result);
    } catch (error) {
      this.#failed(error, result);
    }
    this.#worked();
  }

  /** Streams the body of the answer in pieces. */
  stream(pieces: AsyncIterable<Uint8Array | string>, sink: PieceSink): ResponseStream {
    const stream = new ResponseStream(pieces, sink);
    this.#stream = stream;
    return stream;
  }

  /** Called when the answer was sent. */
  close(): void {
    this.#stream = undefined;
    if (!this.#isBodyComplete) this.#body.fail(clientLeft());
    this.#releaseUnused();
  }

  /** Reads the rest of the body and discards it. */
  discardBody(maxBytes: number, onTooMuch: () => void): void {
    this.#body = new DiscardedBody(maxBytes, onTooMuch);
  }

  /**
   * Ends the exchange: the answer is no longer wanted. A body that the handler uses stays until the handler is done.
   * @param error the error for a handler that reads its body. Default: its client has left.
   */
  abandon(error?: Error): void {
    this.#isAbandoned = true;
    this.call.abort();
    this.#stream?.stop();
    this.#stream = undefined;
    if (!this.#isBodyComplete) this.#body.fail(error ?? clientLeft());
    this.#releaseUnused();
  }

  async #answerLater(response: Promise<HttpResponse>, result: WorkResult): Promise<void> {
    try {
      this.#answered(await response, result);
    } catch (error) {
      this.#failed(error, result);
    }
    this.#worked();
  }

  #answered(response: HttpResponse, result: WorkResult): void {
    if (this.#isAbandoned) discard(response.body);
    else result.answered(response);
  }

  #failed(error: unknown, result: WorkResult): void {
    // A handler that gives up when its client has left has not failed.
    if (!this.#isAbandoned) result.failed(error);
  }

  #worked(): void {
    this.#isWorking = false;
    this.#releaseUnused();
  }

  #releaseUnused(): void {
    if (!this.#isWorking && this.#stream === undefined) this.#share?.release();
  }
}

function clientLeft(): Error {
  return new EnclosError('HTTP_CONNECTION_BROKEN', 'The connection ended before the body of the request was complete.');
}
