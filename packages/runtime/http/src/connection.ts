import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { BodyRoom, BodyShare } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { CallSignal } from './call-signal.ts';
import { clientCertificatesOf, type ClientCertificates } from './client-certificates.ts';
import type { HttpLimits } from './limits.ts';
import { PhaseClock } from './phase-clock.ts';
import { RequestReader } from './request-reader.ts';
import { encodeResponse, refusal, type ResponseFrame } from './response.ts';
import type { BodyLimit, HttpHandler, HttpRequest, HttpResponse, PeerStream } from './types.ts';
import { WaitingInput } from './waiting-input.ts';

/** What all connections of one server share. */
export interface Server {
  readonly limits: HttpLimits;
  readonly handler: HttpHandler;
  readonly bodyLimit: BodyLimit | undefined;
  readonly onError: (error: unknown) => void;
  readonly date: () => Date | undefined;
  readonly now: () => number;
  readonly room: BodyRoom;
  /** No request is begun any more. */
  isDraining: boolean;
}

const continueLine = 'HTTP/1.1 100 Continue\r\n\r\n';

/** One client: reads requests, one after the other, and answers each before it looks at the next. */
export class HttpConnection {
  readonly #server: Server;
  readonly #connection: PeerStream;
  readonly #clock: PhaseClock;
  readonly #waiting = new WaitingInput();
  readonly #onOver: () => void;
  #socket: Duplex;
  #secured: TLSSocket | undefined;
  #certificates: ClientCertificates | undefined;
  /** Of the request under way, and of its body. */
  #reader: RequestReader;
  #share: BodyShare;
  #requests = 0;
  #call: CallSignal | undefined;
  #hasEnded = false;
  #isEnding = false;
  #isOver = false;

  constructor(server: Server, connection: PeerStream, onOver: () => void) {
    this.#server = server;
    this.#connection = connection;
    this.#socket = connection;
    this.#onOver = onOver;
    this.#clock = new PhaseClock(server.now);
    [this.#reader, this.#share] = this.#nextRequest();
    connection.once('close', () => this.destroy());
    connection.on('error', () => undefined);
  }

  /** @param secure ends TLS; undefined for a connection without. Rejects with what it fails with. */
  async start(secure: ((connection: PeerStream) => Promise<TLSSocket>) | undefined): Promise<void> {
    if (secure !== undefined) {
      const secured = await secure(this.#connection);
      this.#secured = secured;
      this.#socket = secured;
      secured.on('error', () => undefined);
      secured.once('close', () => this.destroy());
      if (this.#isOver || secured.destroyed) return this.destroy();
    }
    // The first head has its time from here on: a client that says nothing is not an idle one yet.
    this.#clock.beginRequest();
    this.#socket.on('data', (chunk: Buffer) => this.#received(chunk));
    this.#socket.once('end', () => this.#ended());
    this.#socket.on('drain', () => this.#drained());
  }

  /** As `PhaseClock.claimToGo`. */
  claimToGo(now: number): number | undefined {
    return this.#clock.claimToGo(now);
  }

  /** Ends it when there is no request, and otherwise after the answer. */
  drain(): void {
    const { phase } = this.#clock;
    const isBusy = phase === 'body' || phase === 'answer' || phase === 'write';
    const hasBegun = phase === 'head' && this.#reader.stage !== 'nothing';
    if (phase === 'idle') this.#end([]);
    else if (!isBusy && !hasBegun && phase !== 'end') this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#connection.destroy();
    this.#over();
  }

  /** Enforces the times; called now and then. */
  sweep(now: number): void {
    const overdue = this.#clock.overdue(now, this.#server.limits);
    if (overdue === undefined) return;
    const hasSaidNothing = this.#clock.phase === 'head' && this.#reader.stage === 'nothing';
    if (overdue === 'destroy' || hasSaidNothing) this.destroy();
    else if (overdue === 'end') this.#end([]);
    else this.#refuse(overdue);
  }

  #nextRequest(): readonly [RequestReader, BodyShare] {
    const { limits, room, bodyLimit } = this.#server;
    const share = room.share({
      peer: this.#connection.remoteAddress,
      // RFC 9110 section 15.5.9: not whole within the time that the server was prepared to wait.
      onEvicted: (why) => this.#refuse(why === 'slow' ? 408 : 503),
    });
    return [new RequestReader(limits, share, bodyLimit), share];
  }

  #received(chunk: Buffer): void {
    if (this.#isEnding || this.#isOver) return;
    const { phase } = this.#clock;
    if (phase !== 'answer' && phase !== 'write' && this.#waiting.isEmpty) return this.#read(chunk);
    this.#waiting.add(chunk);
    if (this.#waiting.isFull) this.#socket.pause();
  }

  /** Reads up to the end of one request; what comes after it waits. */
  #read(chunk: Buffer): void {
    if (this.#clock.phase === 'idle') this.#clock.beginRequest();
    try {
      let at = 0;
      while (at < chunk.length && this.#reader.stage !== 'done') {
        at = this.#reader.read(chunk, at);
        if (this.#clock.phase === 'head' && this.#reader.head !== undefined) this.#headIsRead(at === chunk.length);
      }
      if (at < chunk.length) this.#waiting.putBack(chunk.subarray(at));
    } catch (error) {
      if (isEnclosError(error, 'HTTP_MESSAGE_REFUSED')) return this.#refuse(Number(error.details['status']));
      this.#server.onError(error);
      return this.#refuse(500);
    }
    if (this.#reader.stage === 'done') this.#answer();
  }

  #headIsRead(isBodyOutstanding: boolean): void {
    this.#clock.enter('body');
    const waits = this.#reader.waitsForContinue && this.#reader.stage === 'body' && isBodyOutstanding;
    if (waits) this.#socket.write(continueLine);
  }

  #answer(): void {
    this.#clock.enter('answer');
    this.#requests += 1;
    const call = new CallSignal();
    this.#call = call;
    if (this.#hasEnded) call.abort();
    // The body is there until the handler is done, also when its client is gone before.
    const share = this.#share;
    share.complete();
    const answered = (response: HttpResponse): void => {
      if (this.#call === call) this.#send(response);
    };
    const failed = (error: unknown): void => {
      // A handler that gives up when its client is gone has not failed.
      if (this.#call !== call) return;
      this.#server.onError(error);
      this.#refuse(500);
    };
    try {
      const response = this.#server.handler(this.#request(), call);
      if (response instanceof Promise) {
        return void response
          .finally(() => share.release())
          .then(answered)
          .catch(failed);
      }
      answered(response);
    } catch (error) {
      failed(error);
    }
    share.release();
  }

  #request(): HttpRequest {
    const reader = this.#reader;
    this.#certificates ??= clientCertificatesOf(this.#secured);
    return Object.freeze({
      method: reader.head?.method ?? '',
      path: reader.head?.path ?? '',
      // With its mark, since without it a first one of the query's own would be taken for that.
      query: new URLSearchParams(`?${reader.head?.query ?? ''}`),
      headers: reader.headers,
      body: reader.body,
      remoteAddress: this.#connection.remoteAddress,
      clientCertificate: this.#certificates.leaf,
      clientCertificateChain: this.#certificates.chain,
    });
  }

  #send(response: HttpResponse): void {
    const { limits, isDraining } = this.#server;
    const isLast =
      isDraining || this.#requests >= limits.maxRequestsPerConnection || (this.#hasEnded && this.#waiting.isEmpty);
    const staysOpen = !isLast && this.#reader.wantsToStay;
    const bytes = encodeResponse(response, this.#frame(staysOpen));
    this.#call = undefined;
    if (!staysOpen) return this.#end(bytes);
    [this.#reader, this.#share] = this.#nextRequest();
    if (this.#write(bytes)) this.#next();
    else this.#clock.enter('write');
  }

  #frame(staysOpen: boolean): ResponseFrame {
    const { head } = this.#reader;
    // A client of HTTP/1.0 has to be told that its wish is granted (RFC 9112 appendix C.2.2).
    const kept = head?.minorVersion === 0 ? 'keep-alive' : undefined;
    return { method: head?.method ?? 'GET', connection: staysOpen ? kept : 'close', date: this.#server.date() };
  }

  /** Answers for the server, and ends: where the next request would begin is not known, or not waited for. */
  #refuse(status: number): void {
    this.#call?.abort();
    this.#call = undefined;
    this.#end(encodeResponse(refusal(status), this.#frame(false)));
  }

  /** @returns false when the client has to read first. */
  #write(bytes: readonly Buffer[]): boolean {
    const [first, ...more] = bytes;
    if (first === undefined) return true;
    if (more.length === 0) return this.#socket.write(first);
    this.#socket.cork();
    let hasRoom = this.#socket.write(first);
    for (const piece of more) hasRoom = this.#socket.write(piece);
    this.#socket.uncork();
    return hasRoom;
  }

  /** The last words. What still comes is read and dropped: a client that is told to stop must not lose why. */
  #end(bytes: readonly Buffer[]): void {
    this.#isEnding = true;
    this.#dropRequest();
    this.#waiting.clear();
    this.#clock.enter('write');
    this.#write(bytes);
    this.#socket.end(() => this.#clock.enter('end'));
    this.#socket.resume();
  }

  /** Gives the room of a body back with its memory: the client may take long to end. A handler that goes on keeps both. */
  #dropRequest(): void {
    if (this.#reader.stage !== 'done') this.#share.release();
    [this.#reader, this.#share] = this.#nextRequest();
  }

  #drained(): void {
    if (this.#clock.phase === 'write' && !this.#isEnding) this.#next();
  }

  #next(): void {
    this.#clock.enter('idle');
    if (this.#server.isDraining) return this.#end([]);
    // Not within this turn: as many requests as fit into what came would keep all others waiting.
    if (!this.#waiting.isEmpty) setImmediate(() => this.#readAhead());
    else if (this.#hasEnded) this.#end([]);
  }

  #readAhead(): void {
    const answered = this.#requests;
    while (!this.#waiting.isEmpty && this.#requests === answered && !this.#isEnding && !this.#isOver) {
      this.#read(this.#waiting.take());
    }
    if (this.#socket.isPaused() && !this.#waiting.isFull) this.#socket.resume();
    if (this.#hasEnded && this.#waiting.isEmpty) this.#endWithoutRequest();
  }

  /** The client sends no more. */
  #ended(): void {
    this.#hasEnded = true;
    this.#call?.abort();
    if (this.#waiting.isEmpty) this.#endWithoutRequest();
  }

  #endWithoutRequest(): void {
    if (this.#isEnding) return;
    const { phase } = this.#clock;
    if (phase === 'idle') this.#end([]);
    // Half a request.
    else if (phase === 'head' || phase === 'body') this.destroy();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call?.abort();
    this.#call = undefined;
    if (this.#reader.stage !== 'done') this.#share.release();
    this.#onOver();
  }
}
