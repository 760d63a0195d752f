type Piece = Uint8Array | string;

/** Where the pieces of an answer go. */
export interface PieceSink {
  /** @returns false when no more fit; the sink calls `resume` when they do. */
  write(piece: Piece): boolean;
  /** The next piece is being waited for. */
  waits(): void;
  end(): void;
  /** The iterable threw, or gave a piece that cannot be sent. */
  failed(error: unknown): void;
}

/** Up to this number, pieces that are ready are sent without a pause; then other connections have their turn. */
const piecesPerTurn = 64;

/**
 * The body of an answer that its handler gives piece by piece. No piece is asked for before there was room for the previous
 * one.
 */
export class ResponseStream {
  readonly #iterator: AsyncIterator<Piece>;
  readonly #sink: PieceSink;
  #isOver = false;

  constructor(pieces: AsyncIterable<Piece>, sink: PieceSink) {
    this.#iterator = pieces[Symbol.asyncIterator]();
    this.#sink = sink;
  }

  /** Takes pieces until there is no more room. It never rejects. */
  async resume(): Promise<void> {
    for (let count = 1; !this.#isOver; count += 1) {
      let next: IteratorResult<Piece>;
      try {
        this.#sink.waits();
        next = await this.#iterator.next();
      } catch (error) {
        return this.#failed(error);
      }
      if (this.#isOver) return;
      if (next.done === true) return this.#end();
      if (!this.#write(next.value)) return;
      if (count % piecesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Tells the iterable that no more pieces are taken. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    returnFrom(() => this.#iterator);
  }

  /** An iterable that throws has ended. */
  #failed(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.failed(error);
  }

  #write(piece: Piece): boolean {
    try {
      return this.#sink.write(piece);
    } catch (error) {
      this.stop();
      this.#sink.failed(error);
      return false;
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#sink.end();
  }
}

/** Whether the body of an answer comes in pieces. */
export function isInPieces(body: unknown): body is AsyncIterable<Piece> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** Ends the body of an answer that is not sent, so that it releases its resources. */
export function discard(body: unknown): void {
  if (isInPieces(body)) returnFrom(() => body[Symbol.asyncIterator]());
}

/** A failed clean-up is not reported: the client has left, or has its answer. */
function returnFrom(iterator: () => AsyncIterator<Piece>): void {
  void (async () => iterator().return?.())().catch(() => undefined);
}
