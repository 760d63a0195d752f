import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { BodyRoom } from '@enclos/bounded';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { RequestHead } from '../reading/request-reader.ts';
import type { HttpHandler, HttpResponse, PeerStream, ReceivedRequest, StreamedHttpHandler } from '../types.ts';
import type { WholeResponse } from '../writing/response.ts';
import { CollectedBody } from './body-taker.ts';
import { clientCertificatesOf, type ClientCertificates } from './client-certificates.ts';
import { Deadlines } from './deadlines.ts';
import { Exchange, type Work } from './exchange.ts';
import { ServerProtocol, type ProtocolEvent } from './protocol.ts';
import { RequestBody } from './request-body.ts';
import { discard, isInPieces, type PieceSink } from './response-stream.ts';
import { routeOf, type RouteOptions } from './route.ts';

/** Ends TLS on a connection; undefined for a server without. */
export type Secure = ((connection: PeerStream) => Promise<TLSSocket | undefined>) | undefined;

/** What all connections of one server share. */
export interface Server extends RouteOptions {
  readonly handler: HttpHandler;
  readonly onError: (error: unknown) => void;
  readonly date: () => Date | undefined;
  readonly now: () => number;
  readonly room: BodyRoom;
  /** No further request begins. */
  isDraining: boolean;
}

/** Requests that arrive before the answer wait here, up to this many bytes; beyond that, the client has to wait. */
const maxHeldBytes = 16_384;
/**
 * Up to this many bytes of an unread body are read so that the next request can follow. Beyond that a new connection is
 * cheaper.
 */
const maxDiscardedBytes = 65_536;

/**
 * One client: moves bytes between its stream and the protocol, gives each request to its handler, and enforces the timeouts.
 * The protocol knows what the bytes mean.
 */
export class HttpConnection {
  readonly #server: Server;
  readonly #peer: PeerStream;
  readonly #onOver: () => void;
  readonly #deadlines: Deadlines;
  readonly #protocol: ServerProtocol;
  /** The peer's stream, or TLS on it. */
  #stream: Duplex;
  #secured: TLSSocket | undefined;
  #certificates: ClientCertificates | undefined;
  #exchange: Exchange | undefined;
  /** Continues when the client has taken the written bytes. */
  #onRoom: (() => void) | undefined;
  #state: 'open' | 'ending' | 'over' = 'open';

  constructor(server: Server, peer: PeerStream, onOver: () => void) {
    this.#server = server;
    this.#peer = peer;
    this.#onOver = onOver;
    this.#stream = peer;
    this.#deadlines = new Deadlines(server.now);
    this.#protocol = new ServerProtocol(server.limits, server.date);
    peer.once('close', () => this.destroy());
    peer.on('error', () => undefined);
  }

  /** Rejects with what `secure` fails with. */
  async start(secure: Secure): Promise<void> {
    if (secure !== undefined) {
      const secured = await secure(this.#peer);
      if (secured === undefined) return this.destroy();
      this.#secured = secured;
      this.#stream = secured;
      secured.on('error', () => undefined);
      secured.once('close', () => this.destroy());
      if (this.#state === 'over' || secured.destroyed) return this.destroy();
    }
    // The time for the first head starts here: a client that sends nothing is not idle yet.
    this.#deadlines.beginRequest();
    this.#stream.on('data', (chunk: Buffer) => this.#received(chunk));
    this.#stream.once('end', () => this.#ended());
    this.#stream.on('drain', () => this.#drained());
  }

  /** As `Deadlines.claimToGo`. */
  claimToGo(now: number): number | undefined {
    return this.#deadlines.claimToGo(now);
  }

  /** Ends the connection at once when there is no request, and otherwise after the answer. */
  drain(): void {
    const { phase } = this.#deadlines;
    const hasSaidNothing = phase === 'head' && this.#protocol.stage === 'nothing';
    if (phase === 'idle') this.#end([]);
    else if (phase === 'handshake' || hasSaidNothing) this.destroy();
  }

  /** Enforces the timeouts; called regularly. */
  sweep(now: number): void {
    const overdue = this.#deadlines.overdue(now, this.#server.limits);
    if (overdue === undefined) return;
    const hasSaidNothing = this.#deadlines.phase === 'head' && this.#protocol.stage === 'nothing';
    if (overdue === 'destroy' || hasSaidNothing) this.destroy();
    else if (overdue === 'end') this.#end([]);
    else this.#refuse(overdue, new EnclosError('HTTP_TIMEOUT', 'The request took too long.'));
  }

  destroy(): void {
    this.#stream.destroy();
    this.#peer.destroy();
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#abandon();
    this.#onOver();
  }

  // Input from the client.

  #received(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    if (this.#deadlines.phase === 'idle') this.#deadlines.beginRequest();
    this.#protocol.receive(chunk);
    this.#advance();
  }

  /** The client sends no more. It may still read. */
  #ended(): void {
    this.#protocol.receiveEnd();
    this.#exchange?.call.abort();
    this.#advance();
  }

  /** Takes input from the client, as far as there is room for it. */
  #advance(): void {
    try {
      while (this.#state === 'open' && (this.#exchange?.takesBody ?? true)) {
        const event = this.#protocol.next();
        if (event === undefined) break;
        this.#take(event);
      }
    } catch (error) {
      if (isEnclosError(error, 'HTTP_MESSAGE_REFUSED')) return this.#refuse(Number(error.details['status']), error);
      this.#server.onError(error);
      return this.#refuse(500);
    }
    if (this.#state !== 'open') return;
    this.#regulate();
    if (this.#protocol.hasEnded && this.#protocol.heldBytes === 0) this.#inputIsOver();
  }

  #take(event: ProtocolEvent): void {
    if (event.type === 'head') return this.#begin(event.head);
    const exchange = this.#exchange;
    if (event.type === 'data') exchange?.addToBody(event.bytes);
    else exchange?.finishBody();
    if (exchange?.isDiscarding === true) {
      if (exchange.isBodyComplete) this.#next();
    } else if (this.#deadlines.phase === 'more body') {
      this.#deadlines.extendRequest();
      this.#wait();
    }
  }

  #begin(head: RequestHead): void {
    this.#deadlines.enter('body');
    const { streamed, maxBodyBytes } = routeOf(head, this.#server);
    this.#protocol.openBody(maxBodyBytes);
    if (streamed === undefined) this.#collect(head, maxBodyBytes);
    else this.#handleStreamed(head, streamed);
  }

  /** Calls the handler when the body is whole. */
  #collect(head: RequestHead, maxBodyBytes: number): void {
    const share = this.#server.room.share({
      peer: this.#peer.remoteAddress,
      // RFC 9110 section 15.5.9: not complete within the time that the server was prepared to wait.
      onEvicted: (why) => this.#refuse(why === 'slow' ? 408 : 503),
    });
    const body = new CollectedBody(head.bodyLength, maxBodyBytes, share, (whole) => {
      const request = this.#requestOf(head, whole);
      this.#handle(exchange, () => this.#server.handler(request, exchange.call));
    });
    const exchange = new Exchange(head, body, share);
    this.#exchange = exchange;
    this.#continueBody();
  }

  #handleStreamed(head: RequestHead, handler: StreamedHttpHandler): void {
    const body = new RequestBody(() => {
      this.#continueBody();
      this.#wait();
      this.#advance();
    });
    const exchange = new Exchange(head, body);
    this.#exchange = exchange;
    const request = this.#requestOf(head, body);
    this.#deadlines.extendRequest();
    this.#handle(exchange, () => handler(request, exchange.call));
  }

  #requestOf<Body>(
    { method, path, query, headers }: RequestHead,
    body: Body,
  ): ReceivedRequest & { readonly body: Body } {
    this.#certificates ??= clientCertificatesOf(this.#secured);
    return Object.freeze({
      method,
      path,
      // With a `?`, because URLSearchParams would drop one with which the query itself begins.
      query: new URLSearchParams(`?${query}`),
      search: query === '' ? '' : `?${query}`,
      headers,
      remoteAddress: this.#peer.remoteAddress,
      clientCertificate: this.#certificates.leaf,
      clientCertificateChain: this.#certificates.chain,
      body,
    });
  }

  #continueBody(): void {
    const line = this.#protocol.continueBody();
    if (line !== undefined) this.#stream.write(line);
  }

  /** Reads from the client only as much as there is room for. */
  #regulate(): void {
    const exchange = this.#exchange;
    const isBetweenBodies = exchange?.isBodyComplete ?? true;
    const hasPlace = isBetweenBodies ? this.#protocol.heldBytes <= maxHeldBytes : exchange?.takesBody === true;
    if (hasPlace === this.#stream.isPaused()) void (hasPlace ? this.#stream.resume() : this.#stream.pause());
  }

  /** Everything that the client sent has been read. */
  #inputIsOver(): void {
    const exchange = this.#exchange;
    if (exchange?.isBodyComplete === true) return this.#wait();
    const isAnswered = exchange === undefined ? this.#deadlines.phase === 'idle' : exchange.isDiscarding;
    if (isAnswered) return this.#end([]);
    // Only a part of a request arrived.
    if (exchange === undefined || exchange.takesBody) this.destroy();
  }

  // Output to the client.

  #handle(exchange: Exchange, work: Work): void {
    this.#deadlines.enter('answer');
    if (this.#protocol.hasEnded) exchange.call.abort();
    exchange.run(work, {
      answered: (response) => this.#respond(exchange, response),
      failed: (error) => {
        this.#server.onError(error);
        this.#refuse(500);
      },
    });
  }

  #respond(exchange: Exchange, response: HttpResponse): void {
    const { isDraining } = this.#server;
    const { body } = response;
    if (!isInPieces(body)) return this.#sendLast(this.#protocol.respond(response as WholeResponse, isDraining));
    try {
      // The pieces may be made from a body that the client has not been told to send, and cannot be told later.
      if (response.status < 300) this.#continueBody();
      const { bytes, takesPieces } = this.#protocol.respondInPieces(response, isDraining);
      if (takesPieces) return this.#sendInPieces(exchange, bytes, body);
      discard(body);
      this.#sendLast([bytes]);
    } catch (error) {
      discard(body);
      throw error;
    }
  }

  #sendInPieces(exchange: Exchange, head: Buffer, pieces: AsyncIterable<Uint8Array | string>): void {
    const write = (bytes: readonly Buffer[]): boolean => {
      const hasRoom = this.#write(bytes);
      if (!hasRoom) this.#waitForRoom(() => void stream.resume());
      return hasRoom;
    };
    const sink: PieceSink = {
      write: (piece) => write(this.#protocol.piece(piece)),
      waits: () => this.#wait(),
      end: () => this.#sendLast(this.#protocol.lastPiece()),
      failed: (error) => {
        this.#server.onError(error);
        // Without the last chunk: the client learns that the answer is not complete.
        this.destroy();
      },
    };
    const stream = exchange.stream(pieces, sink);
    if (write([head])) void stream.resume();
  }

  /** Sends the end of an answer, or all of it. */
  #sendLast(bytes: readonly Buffer[]): void {
    if (!this.#protocol.staysOpen) {
      this.#exchange?.close();
      this.#exchange = undefined;
      this.#end(bytes);
    } else if (this.#write(bytes)) {
      this.#answered();
    } else {
      this.#waitForRoom(() => this.#answered());
    }
  }

  #answered(): void {
    const exchange = this.#exchange;
    exchange?.close();
    if (exchange?.isBodyComplete !== false) return this.#next();
    exchange.discardBody(maxDiscardedBytes, () => this.#end([]));
    this.#deadlines.extendRequest();
    this.#deadlines.enter('body');
    this.#advance();
  }

  #next(): void {
    this.#exchange = undefined;
    this.#deadlines.enter('idle');
    if (this.#server.isDraining) return this.#end([]);
    // Not within this turn: many pipelined requests would keep all other clients waiting.
    if (this.#protocol.heldBytes > 0) return void setImmediate(() => this.#nextAhead());
    this.#protocol.nextRequest();
    if (this.#protocol.hasEnded) this.#end([]);
  }

  /** Reads a request that arrived before the last answer. */
  #nextAhead(): void {
    if (this.#state !== 'open') return;
    this.#protocol.nextRequest();
    this.#deadlines.beginRequest();
    this.#advance();
  }

  /** Sends the server's own answer, and ends: it is not known where the next request would begin, or it is not awaited. */
  #refuse(status: number, error?: Error): void {
    const { answer } = this.#protocol;
    // Sent bytes cannot be taken back.
    if (answer === 'streamed') return this.destroy();
    const bytes = answer === 'none' ? this.#protocol.refuse(status) : [];
    this.#abandon(error);
    this.#end(bytes);
  }

  /** Sends the last bytes. Further input is read and dropped, so that the client does not lose the answer to a reset. */
  #end(bytes: readonly Buffer[]): void {
    this.#state = 'ending';
    this.#abandon();
    this.#onRoom = undefined;
    this.#protocol.clear();
    this.#deadlines.enter('write');
    this.#write(bytes);
    this.#stream.end(() => this.#deadlines.enter('end'));
    this.#stream.resume();
  }

  #abandon(error?: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.abandon(error);
  }

  /** @returns false when the client has to read first. */
  #write(bytes: readonly Buffer[]): boolean {
    const [first, ...more] = bytes;
    if (first === undefined) return true;
    if (more.length === 0) return this.#stream.write(first);
    this.#stream.cork();
    let hasRoom = this.#stream.write(first);
    for (const piece of more) hasRoom = this.#stream.write(piece);
    this.#stream.uncork();
    return hasRoom;
  }

  #waitForRoom(onRoom: () => void): void {
    this.#onRoom = onRoom;
    this.#wait();
  }

  #drained(): void {
    const onRoom = this.#onRoom;
    this.#onRoom = undefined;
    onRoom?.();
  }

  /** Sets the phase while a request is handled and answered. What the client owes comes first. */
  #wait(): void {
    const { phase } = this.#deadlines;
    const next = this.#waitsFor();
    // No other event gives more time to a client that owes something.
    if (next === phase && (next === 'write' || next === 'more body')) return;
    this.#deadlines.enter(next);
  }

  #waitsFor(): 'write' | 'more body' | 'answer' | 'more answer' | 'more answer after end' {
    if (this.#onRoom !== undefined) return 'write';
    if (this.#exchange?.isBodyWanted === true) return 'more body';
    if (this.#protocol.answer !== 'streamed') return 'answer';
    return this.#protocol.hasEnded ? 'more answer after end' : 'more answer';
  }
}
