import { EnclosError } from '@enclos/errors';
import type { BodyShare } from '@enclos/bounded';
import type { HttpCall, HttpResponse } from '../types.ts';
import { DiscardedBody, type BodyTaker } from './body-taker.ts';
import { CallSignal } from './call-signal.ts';
import { RequestBody } from './request-body.ts';
import { discard, ResponseStream, type PieceSink } from './response-stream.ts';

/** A handler of whole or of streamed requests. */
export type Handler<Request> = (request: Request, call: HttpCall) => Promise<HttpResponse> | HttpResponse;

/** Learns how the work of a handler ended, as long as its exchange was not abandoned. */
export interface HandlerResult {
  answered(exchange: Exchange, response: HttpResponse): void;
  failed(error: unknown): void;
}

/** One request from its head to the end of its answer: it passes the body on and runs the handler. */
export class Exchange {
  readonly call = new CallSignal();
  readonly #share: BodyShare | undefined;
  #body: BodyTaker;
  #stream: ResponseStream | undefined;
  #isBodyComplete = false;
  #isWorking = false;
  #isAbandoned = false;

  /** @param share the room of a collected body: it is kept as long as the handler or its answer may use the body. */
  constructor(body: BodyTaker, share?: BodyShare) {
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
  run<Request>(handler: Handler<Request>, request: Request, result: HandlerResult): void {
    this.#isWorking = true;
    try {
      const response = handler(request, this.call);
      if (response instanceof Promise) void this.#answerLater(response, result);
      else this.#answered(response, result);
    } catch (error) {
      this.#failed(error, result);
    }
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

  async #answerLater(response: Promise<HttpResponse>, result: HandlerResult): Promise<void> {
    try {
      this.#answered(await response, result);
    } catch (error) {
      this.#failed(error, result);
    }
  }

  /** The room is given back with the answer: the next request may be taken before this returns. */
  #answered(response: HttpResponse, result: HandlerResult): void {
    this.#isWorking = false;
    if (!this.#isAbandoned) return result.answered(this, response);
    discard(response.body);
    this.#releaseUnused();
  }

  #failed(error: unknown, result: HandlerResult): void {
    this.#isWorking = false;
    // A handler that gives up when its client has left has not failed.
    if (this.#isAbandoned) this.#releaseUnused();
    else result.failed(error);
  }

  #releaseUnused(): void {
    if (!this.#isWorking && this.#stream === undefined) this.#share?.release();
  }
}

function clientLeft(): Error {
  return new EnclosError('HTTP_CONNECTION_BROKEN', 'The connection ended before the body of the request was complete.');
}
