import { EnclosError } from '@enclos/errors';
import type { BodyShare } from '@enclos/bounded';
import type { RequestHead } from '../reading/request-reader.ts';
import type { HttpResponse } from '../types.ts';
import { DiscardedBody, type BodyTaker } from './body-taker.ts';
import { CallSignal } from './call-signal.ts';
import { RequestBody } from './request-body.ts';
import { discard, ResponseStream, type PieceSink } from './response-stream.ts';

/** What a handler does with one request. */
export type Work = () => Promise<HttpResponse> | HttpResponse;

/** Learns how the work ended, as long as the exchange was not abandoned. */
export interface WorkResult {
  answered(response: HttpResponse): void;
  failed(error: unknown): void;
}

/** One request under way, from its head to the end of its answer: where its body goes, and what its handler makes of it. */
export class Exchange {
  readonly head: RequestHead;
  readonly call = new CallSignal();
  readonly #share: BodyShare | undefined;
  #body: BodyTaker;
  #stream: ResponseStream | undefined;
  #isBodyComplete = false;
  #isWorking = false;
  #isAbandoned = false;

  /** @param share the room of a body that is collected: it is kept as long as the handler or its answer may use the body. */
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

  /** The answer is out, and what is left of the body is read for the sake of the next request. */
  get isDiscarding(): boolean {
    return this.#body instanceof DiscardedBody;
  }

  /** @throws HTTP_MESSAGE_REFUSED when it is too much. */
  addToBody(bytes: Buffer): void {
    this.#body.add(bytes);
  }

  finishBody(): void {
    this.#isBodyComplete = true;
    this.#body.finish();
  }

  /** Has the request handled. An answer without a promise is taken at once. */
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

  /** The body of the answer, which comes in pieces. */
  stream(pieces: AsyncIterable<Uint8Array | string>, sink: PieceSink): ResponseStream {
    const stream = new ResponseStream(pieces, sink);
    this.#stream = stream;
    return stream;
  }

  /** The answer is out. */
  close(): void {
    this.#stream = undefined;
    if (!this.#isBodyComplete) this.#body.fail(clientLeft());
    this.#releaseUnused();
  }

  /** Reads what is left of the body for nothing. */
  discardBody(maxBytes: number, onTooMuch: () => void): void {
    this.#body = new DiscardedBody(maxBytes, onTooMuch);
  }

  /**
   * Ends what is under way: the answer is not wanted any more. A body that the handler works with stays until it is done.
   * @param error what a handler that reads its body learns. Default: its client has left.
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
