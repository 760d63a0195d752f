import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { BodyRoom } from '@enclos/bounded';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { RequestHead } from '../reading/request-reader.ts';
import type { HttpHandler, StreamedHttpHandler } from '../types.ts';
import type { DateField } from '../writing/date-field.ts';
import type { Sendable } from '../writing/response.ts';
import { AbsentBody, CollectedBody } from './body-taker.ts';
import { clientCertificatesOf } from './client-certificates.ts';
import type { Deadlines } from './deadlines.ts';
import { Exchange, type Handler, type HandlerResult } from './exchange.ts';
import { Output } from './output.ts';
import { ServerProtocol, type ProtocolEvent } from './protocol.ts';
import { receivedRequest, type Sender } from './received-request.ts';
import { Reply } from './reply.ts';
import { RequestBody } from './request-body.ts';
import { routeOf, type RouteOptions } from './route.ts';

/** What all connections of one server share. */
export interface Server extends RouteOptions {
  readonly handler: HttpHandler;
  readonly onError: (error: unknown) => void;
  readonly dateField: DateField;
  readonly now: () => number;
  readonly room: BodyRoom;
  /** No further request begins. */
  isDraining: boolean;
}

/** What a session has of its connection. */
export interface SessionConnection {
  readonly stream: Duplex;
  /** The same stream, when TLS ends here. */
  readonly secured: TLSSocket | undefined;
  readonly remoteAddress: string;
  readonly deadlines: Deadlines;
  /** Destroys the connection, and then closes the session. */
  readonly destroy: () => void;
}

/** Requests that arrive before the answer wait here, up to this many bytes; beyond that, the client has to wait. */
const maxHeldBytes = 16_384;
/**
 * Up to this many bytes of an unread body are read so that the next request can follow. Beyond that a new connection is
 * cheaper.
 */
const maxDiscardedBytes = 65_536;
/** Up to this number, requests that have arrived are handled without a pause; then other connections have their turn. */
const requestsPerTurn = 16;

/**
 * The requests of one client: moves bytes between its stream and the protocol, gives each request to its handler, and keeps the
 * phase of the deadlines. The protocol knows what the bytes mean.
 */
export class Session {
  readonly #server: Server;
  readonly #connection: SessionConnection;
  readonly #stream: Duplex;
  readonly #deadlines: Deadlines;
  readonly #protocol: ServerProtocol;
  readonly #output: Output;
  readonly #reply: Reply;
  readonly #handled: HandlerResult;
  #sender: Sender | undefined;
  #exchange: Exchange | undefined;
  #state: 'open' | 'ending' | 'over' = 'open';
  #isAdvancing = false;
  #requestsInTurn = 0;

  constructor(server: Server, connection: SessionConnection) {
    const { stream, deadlines } = connection;
    this.#server = server;
    this.#connection = connection;
    this.#stream = stream;
    this.#deadlines = deadlines;
    this.#protocol = new ServerProtocol(server.limits, server.dateField);
    this.#output = new Output(stream);
    this.#reply = new Reply(this.#protocol, this.#output, {
      begins: () => this.#continueBody(),
      waits: () => this.#wait(),
      ends: (last) => this.#sendLast(last),
      breaks: (error) => {
        server.onError(error);
        // Without the last chunk: the client learns that the answer is not complete.
        this.#destroy();
      },
    });
    this.#handled = {
      answered: (exchange, response) => this.#reply.send(exchange, response, server.isDraining),
      failed: (error) => {
        server.onError(error);
        this.#refuse(500);
      },
    };
    // The time for the first head starts here: a client that sends nothing is not idle yet.
    deadlines.beginRequest();
    stream.on('data', (chunk: Buffer) => this.#received(chunk));
    stream.once('end', () => this.#ended());
  }

  /** Ends at once when there is no request, and otherwise after the answer. */
  drain(): void {
    if (this.#deadlines.phase === 'idle') this.#end([]);
    else if (this.#hasSaidNothing) this.#destroy();
  }

  /** @param overdue the status of a request that took too long; `end` when there is none. */
  timeOut(overdue: number | 'end'): void {
    if (this.#hasSaidNothing) this.#destroy();
    else if (overdue === 'end') this.#end([]);
    else this.#refuse(overdue, new EnclosError('HTTP_TIMEOUT', 'The request took too long.'));
  }

  /** The connection is gone. */
  close(): void {
    this.#state = 'over';
    this.#abandon();
  }

  get #hasSaidNothing(): boolean {
    return this.#deadlines.phase === 'head' && this.#protocol.stage === 'nothing';
  }

  // Input from the client.

  #received(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    if (this.#deadlines.phase === 'idle') this.#deadlines.beginRequest();
    this.#requestsInTurn = 0;
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
    // A request that is answered at once brings the next one: the loop below takes that too.
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
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
    } finally {
      this.#isAdvancing = false;
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
    const { streamed, maxBodyBytes } = routeOf(head, this.#server);
    this.#protocol.openBody(maxBodyBytes);
    if (streamed !== undefined) return this.#handleStreamed(head, streamed);
    if (head.bodyLength === 0) {
      this.#exchange = new Exchange(new AbsentBody((none) => this.#handleWhole(head, none)));
    } else {
      this.#deadlines.enter('body');
      this.#collect(head, maxBodyBytes);
    }
  }

  /** Calls the handler when the body is whole. */
  #collect(head: RequestHead, maxBodyBytes: number): void {
    const share = this.#server.room.share({
      peer: this.#connection.remoteAddress,
      // RFC 9110 section 15.5.9: not complete within the time that the server was prepared to wait.
      onEvicted: (why) => this.#refuse(why === 'slow' ? 408 : 503),
    });
    const body = new CollectedBody(head.bodyLength, maxBodyBytes, share, (whole) => this.#handleWhole(head, whole));
    this.#exchange = new Exchange(body, share);
    this.#continueBody();
  }

  #handleWhole(head: RequestHead, body: Buffer): void {
    this.#handle(this.#server.handler, receivedRequest(head, body, this.#from()));
  }

  #handleStreamed(head: RequestHead, handler: StreamedHttpHandler): void {
    const body = new RequestBody(() => {
      this.#continueBody();
      this.#wait();
      this.#advance();
    });
    this.#exchange = new Exchange(body);
    this.#deadlines.extendRequest();
    this.#handle(handler, receivedRequest(head, body, this.#from()));
  }

  #handle<Request>(handler: Handler<Request>, request: Request): void {
    const exchange = this.#exchange;
    this.#deadlines.enter('answer');
    if (this.#protocol.hasEnded) exchange?.call.abort();
    exchange?.run(handler, request, this.#handled);
  }

  #from(): Sender {
    const { remoteAddress, secured } = this.#connection;
    return (this.#sender ??= { remoteAddress, certificates: clientCertificatesOf(secured) });
  }

  #continueBody(): void {
    const line = this.#protocol.continueBody();
    if (line !== undefined) this.#output.write([line]);
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
    if (exchange === undefined || exchange.takesBody) this.#destroy();
  }

  // Output to the client.

  /** Sends the end of an answer, or all of it. */
  #sendLast(last: readonly Sendable[]): void {
    if (!this.#protocol.staysOpen) {
      this.#exchange?.close();
      this.#exchange = undefined;
      this.#end(last);
    } else if (this.#output.write(last)) {
      this.#answered();
    } else {
      this.#output.waitForRoom(() => this.#answered());
      this.#wait();
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
    if (this.#protocol.heldBytes > 0) return this.#nextAhead();
    this.#protocol.nextRequest();
    if (this.#protocol.hasEnded) this.#end([]);
  }

  /** Reads a request that arrived before the last answer. */
  #nextAhead(): void {
    this.#requestsInTurn += 1;
    if (this.#requestsInTurn < requestsPerTurn) return this.#readAhead();
    this.#requestsInTurn = 0;
    // Not within this turn: many pipelined requests would keep all other clients waiting.
    setImmediate(() => this.#readAhead());
  }

  #readAhead(): void {
    if (this.#state !== 'open') return;
    this.#protocol.nextRequest();
    this.#deadlines.beginRequest();
    this.#advance();
  }

  /** Sends the server's own answer, and ends: it is not known where the next request would begin, or it is not awaited. */
  #refuse(status: number, error?: Error): void {
    const { answer } = this.#protocol;
    // Sent bytes cannot be taken back.
    if (answer === 'streamed') return this.#destroy();
    const last = answer === 'none' ? this.#protocol.refuse(status) : [];
    this.#abandon(error);
    this.#end(last);
  }

  /** Sends the last bytes. Further input is read and dropped, so that the client does not lose the answer to a reset. */
  #end(last: readonly Sendable[]): void {
    this.#state = 'ending';
    this.#abandon();
    this.#protocol.clear();
    this.#deadlines.enter('write');
    this.#output.end(last, () => this.#deadlines.enter('end'));
    this.#stream.resume();
  }

  #destroy(): void {
    this.#output.flush();
    this.#connection.destroy();
  }

  #abandon(error?: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.abandon(error);
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
    if (this.#output.isFull) return 'write';
    if (this.#exchange?.isBodyWanted === true) return 'more body';
    if (this.#protocol.answer !== 'streamed') return 'answer';
    return this.#protocol.hasEnded ? 'more answer after end' : 'more answer';
  }
}
