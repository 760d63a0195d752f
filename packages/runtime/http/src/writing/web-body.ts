/**
 * The body of an answer of the web standard. One that is complete within this turn comes whole, so that it gets a length as
 * any other answer; the rest comes in pieces.
 * @returns undefined without a body.
 * @throws what the body threw, and a TypeError for a body that was read before.
 */
export async function takeBody({ body }: Response): Promise<Uint8Array | AsyncIterable<Uint8Array> | undefined> {
  if (body === null) return undefined;
  // A Response from any ReadableStream says so in its type; what is not bytes is refused where it is sent.
  const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const pieces = new BodyPieces(reader);
  const first = await pieces.peek();
  if (first === undefined) return pieces;
  if (first.done) return undefined;
  const second = await pieces.peek();
  return second?.done === true && first.value instanceof Uint8Array ? first.value : pieces;
}

type Piece = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;

/** One turn of the event loop: bodies that are in memory are read within it. */
const turn = (): Promise<undefined> => new Promise((resolve) => setImmediate(resolve, undefined));

class BodyPieces implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Reads that were begun, in their order: two at most. */
  readonly #ahead: Promise<Piece>[] = [];

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Begins one more read, whose failure is the server's to hear, if it takes the piece. @returns undefined when it takes longer than this turn. */
  async peek(): Promise<Piece | undefined> {
    const read = this.#reader.read();
    this.#ahead.push(read);
    return Promise.race([read, turn()]);
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { done, value } = await (this.#ahead.shift() ?? this.#reader.read());
    return done ? { done: true, value: undefined } : { done: false, value };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#reader.cancel();
    return { done: true, value: undefined };
  }
}
