import type { HttpResponse } from '../types.ts';
import type { Sendable, WholeResponse } from '../writing/response.ts';
import type { Exchange } from './exchange.ts';
import type { Output } from './output.ts';
import type { ServerProtocol } from './protocol.ts';
import { discard, isInPieces, type PieceSink } from './response-stream.ts';

/** What a connection does for its answers. */
export interface ReplyEvents {
  /** An answer is about to be made from a body that the client may not have been told to send. */
  readonly begins: () => void;
  /** Something else is waited for: more of the answer, or a client that has to read. */
  readonly waits: () => void;
  /** Everything but these last bytes of the answer has been written. */
  readonly ends: (last: readonly Sendable[]) => void;
  /** The pieces failed after the answer began. */
  readonly breaks: (error: unknown) => void;
}

/** Writes the answers of one connection, whole or in pieces. */
export class Reply {
  readonly #protocol: ServerProtocol;
  readonly #output: Output;
  readonly #events: ReplyEvents;

  constructor(protocol: ServerProtocol, output: Output, events: ReplyEvents) {
    this.#protocol = protocol;
    this.#output = output;
    this.#events = events;
  }

  /**
   * @param isLast the connection ends after it.
   * @throws HTTP_MISUSED for an invalid response; nothing was written then.
   */
  send(exchange: Exchange, response: HttpResponse, isLast: boolean): void {
    const { body } = response;
    // The answers to pipelined requests go together.
    if (this.#protocol.heldBytes > 0) this.#output.gather();
    if (isInPieces(body)) this.#sendStreamed(exchange, response, { body, isLast });
    else this.#events.ends(this.#protocol.respond(response as WholeResponse, isLast));
  }

  #sendStreamed(
    exchange: Exchange,
    response: HttpResponse,
    { body, isLast }: { readonly body: AsyncIterable<Uint8Array | string>; readonly isLast: boolean },
  ): void {
    try {
      // The pieces may be made from a body that the client has not been told to send, and cannot be told later.
      if (response.status < 300) this.#events.begins();
      const { head, takesPieces } = this.#protocol.respondInPieces(response, isLast);
      if (takesPieces) return this.#sendPieces(exchange, head, body);
      discard(body);
      this.#events.ends([head]);
    } catch (error) {
      discard(body);
      throw error;
    }
  }

  #sendPieces(exchange: Exchange, head: string, pieces: AsyncIterable<Uint8Array | string>): void {
    const { ends, breaks, waits } = this.#events;
    const write = (bytes: readonly Sendable[]): boolean => {
      // The head and the pieces that are ready go together.
      this.#output.gather();
      const hasRoom = this.#output.write(bytes);
      if (!hasRoom) {
        this.#output.waitForRoom(() => void stream.resume());
        waits();
      }
      return hasRoom;
    };
    const sink: PieceSink = {
      write: (piece) => write(this.#protocol.piece(piece)),
      waits,
      end: () => ends(this.#protocol.lastPiece()),
      failed: breaks,
    };
    const stream = exchange.stream(pieces, sink);
    if (write([head])) void stream.resume();
  }
}
