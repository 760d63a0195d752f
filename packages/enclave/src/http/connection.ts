import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { isThenable } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import type { Connection } from '../streams.ts';
import type { BodyBudget } from './body-reader.ts';
import { ByteStore } from './byte-store.ts';
import { clientCertificatesOf, type ClientCertificates } from './client-certificates.ts';
import type { HttpLimits } from './limits.ts';
import { RequestReader } from './request-reader.ts';
import { encodeResponse, refusal, type ResponseFrame } from './response.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from './types.ts';

/** What all connections of one server share. */
export interface Server {
  readonly limits: HttpLimits;
  readonly handler: HttpHandler;
  readonly onError: (error: unknown) => void;
  readonly date: () => Date | undefined;
  readonly now: () => number;
  /** Of all bodies: see {@link HttpLimits.maxBodyBytesAtOnce}. */
  bodyBytes: number;
  /** No request is begun any more. */
  isDraining: boolean;
}

/** What a connection waits for; each has its time. */
type Phase = 'handshake' | 'head' | 'body' | 'answer' | 'write' | 'idle' | 'end';

const continueLine = 'HTTP/1.1 100 Continue\r\n\r\n';
/** Requests that come before the one before is answered wait, up to here; then the client does. */
const maxAheadBytes = 16_384;
/** How long a client may take to read the last answer and to end. */
const endTimeoutMs = 2000;
/** From when on a client that sends a body, or takes an answer, is slow. */
const slowMs = 5000;
/** More than anybody waits. */
const groupMs = 2 ** 40;

/** One client: reads requests, one after the other, and answers each before it looks at the next. */
export class HttpConnection {
  readonly #server: Server;
  readonly #connection: Connection;
  /** Behind the request under way, what came with its end and what came later. */
  #rest: Buffer | undefined;
  readonly #ahead = new ByteStore();
  readonly #onOver: () => void;
  readonly #budget: BodyBudget = { take: (bytes) => this.#takeBodyBytes(bytes) };
  #socket: Duplex;
  #secured: TLSSocket | undefined;
  #certificates: ClientCertificates | undefined;
  #reader: RequestReader;
  #phase: Phase = 'handshake';
  #since: number;
  /** When the request under way began. */
  #requestSince = 0;
  #requests = 0;
  #takenBytes = 0;
  #call: CallOptions | undefined;
  #hasEnded = false;
  #isEnding = false;
  #isOver = false;

  constructor(server: Server, connection: Connection, onOver: () => void) {
    this.#server = server;
    this.#connection = connection;
    this.#socket = connection;
    this.#onOver = onOver;
    this.#since = server.now();
    this.#reader = new RequestReader(server.limits, this.#budget);
    connection.once('close', () => this.destroy());
    connection.on('error', () => undefined);
  }

  /** @param secure ends TLS; undefined for a connection without. Rejects with what it fails with. */
  async start(secure: ((connection: Connection) => Promise<TLSSocket>) | undefined): Promise<void> {
    if (secure !== undefined) {
      const secured = await secure(this.#connection);
      this.#secured = secured;
      this.#socket = secured;
      secured.on('error', () => undefined);
      secured.once('close', () => this.destroy());
      if (this.#isOver || secured.destroyed) return this.destroy();
    }
    // The first head has its time from here on: a client that says nothing is no idle one yet.
    this.#enter('head');
    this.#requestSince = this.#since;
    this.#socket.on('data', (chunk: Buffer) => this.#received(chunk));
    this.#socket.once('end', () => this.#ended());
    this.#socket.on('drain', () => this.#drained());
  }

  /**
   * Who goes when all places are taken: the connection with the highest number. Idle ones first, then those that have not
   * come to a request, then those whose client is slow; in each group the one that has been waited for longest. Undefined
   * for those that stay.
   */
  claimToGo(now: number): number | undefined {
    const waitedMs = now - this.#since;
    switch (this.#phase) {
      case 'idle':
        return 2 * groupMs + waitedMs;
      case 'handshake':
      case 'head':
      case 'end':
        return groupMs + waitedMs;
      case 'body':
      case 'write':
        return waitedMs > slowMs ? waitedMs : undefined;
      case 'answer':
        return undefined;
    }
  }

  /** Ends it when there is no request, and otherwise behind the answer. */
  drain(): void {
    const isBusy = this.#phase === 'body' || this.#phase === 'answer' || this.#phase === 'write';
    const hasBegun = this.#phase === 'head' && this.#reader.stage !== 'nothing';
    if (this.#phase === 'idle') this.#end([]);
    else if (!isBusy && !hasBegun && this.#phase !== 'end') this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#connection.destroy();
    this.#over();
  }

  /** Enforces the times; called now and then. */
  sweep(now: number): void {
    const { limits } = this.#server;
    const waitedMs = now - this.#since;
    const isRequestLate = now - this.#requestSince > limits.requestTimeoutMs;
    switch (this.#phase) {
      case 'handshake':
        if (waitedMs > limits.handshakeTimeoutMs) this.destroy();
        break;
      case 'idle':
        if (waitedMs > limits.idleTimeoutMs) this.#end([]);
        break;
      case 'head':
        if (waitedMs <= limits.headerTimeoutMs && !isRequestLate) break;
        if (this.#reader.stage === 'nothing') this.destroy();
        else this.#refuse(408);
        break;
      case 'body':
        if (waitedMs > limits.bodyTimeoutMs || isRequestLate) this.#refuse(408);
        break;
      case 'answer':
        if (isRequestLate) this.#refuse(503);
        break;
      case 'write':
        if (waitedMs > limits.writeTimeoutMs) this.destroy();
        break;
      case 'end':
        if (waitedMs > endTimeoutMs) this.destroy();
        break;
    }
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#since = this.#server.now();
  }

  #takeBodyBytes(bytes: number): boolean {
    if (this.#server.bodyBytes + bytes > this.#server.limits.maxBodyBytesAtOnce) return false;
    this.#server.bodyBytes += bytes;
    this.#takenBytes += bytes;
    return true;
  }

  #giveBack(): void {
    this.#server.bodyBytes -= this.#takenBytes;
    this.#takenBytes = 0;
  }

  #received(chunk: Buffer): void {
    if (this.#isEnding || this.#isOver) return;
    const isReading = this.#phase !== 'answer' && this.#phase !== 'write' && !this.#hasMore;
    if (isReading) return this.#read(chunk);
    this.#ahead.add(chunk);
    if (this.#ahead.length > maxAheadBytes) this.#socket.pause();
  }

  get #hasMore(): boolean {
    return this.#rest !== undefined || this.#ahead.length > 0;
  }

  /** Reads up to the end of one request; what is behind it waits. */
  #read(chunk: Buffer): void {
    if (this.#phase === 'idle') {
      this.#enter('head');
      this.#requestSince = this.#since;
    }
    try {
      let at = 0;
      while (at < chunk.length && this.#reader.stage !== 'done') {
        at = this.#reader.read(chunk, at);
        if (this.#phase === 'head' && this.#reader.head !== undefined) this.#headIsRead(at === chunk.length);
      }
      if (at < chunk.length) this.#rest = chunk.subarray(at);
    } catch (error) {
      if (isEnclosError(error, 'HTTP_MESSAGE_REFUSED')) return this.#refuse(Number(error.details['status']));
      this.#server.onError(error);
      return this.#refuse(500);
    }
    if (this.#reader.stage === 'done') this.#answer();
  }

  #headIsRead(isBodyOutstanding: boolean): void {
    this.#enter('body');
    const waits = this.#reader.waitsForContinue && this.#reader.stage === 'body' && isBodyOutstanding;
    if (waits) this.#socket.write(continueLine);
  }

  #answer(): void {
    this.#enter('answer');
    this.#requests += 1;
    const call = new CallOptions();
    this.#call = call;
    if (this.#hasEnded) call.abort();
    // The body is there until the handler is done, also when its client is gone before.
    const bodyBytes = this.#takenBytes;
    this.#takenBytes = 0;
    const settled = (): void => void (this.#server.bodyBytes -= bodyBytes);
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
      if (isThenable(response)) return void Promise.resolve(response).finally(settled).then(answered).catch(failed);
      answered(response);
    } catch (error) {
      failed(error);
    }
    settled();
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
      isDraining || this.#requests >= limits.maxRequestsPerConnection || (this.#hasEnded && !this.#hasMore);
    const staysOpen = !isLast && this.#reader.wantsToStay;
    const bytes = encodeResponse(response, this.#frame(staysOpen));
    this.#call = undefined;
    if (!staysOpen) return this.#end(bytes);
    this.#reader = new RequestReader(limits, this.#budget);
    if (this.#write(bytes)) this.#next();
    else this.#enter('write');
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
    this.#giveBack();
    this.#rest = undefined;
    this.#ahead.take();
    this.#enter('write');
    this.#write(bytes);
    this.#socket.end(() => this.#enter('end'));
    this.#socket.resume();
  }

  #drained(): void {
    if (this.#phase === 'write' && !this.#isEnding) this.#next();
  }

  #next(): void {
    this.#enter('idle');
    if (this.#server.isDraining) return this.#end([]);
    // Not within this turn: as many requests as fit into what came would keep everybody else waiting.
    if (this.#hasMore) setImmediate(() => this.#readAhead());
    else if (this.#hasEnded) this.#end([]);
  }

  #readAhead(): void {
    const answered = this.#requests;
    while (this.#hasMore && this.#requests === answered && !this.#isEnding && !this.#isOver) {
      const next = this.#rest ?? this.#ahead.take();
      this.#rest = undefined;
      this.#read(next);
    }
    if (this.#socket.isPaused() && this.#ahead.length <= maxAheadBytes) this.#socket.resume();
    if (this.#hasEnded && !this.#hasMore) this.#endWithoutRequest();
  }

  /** The client sends no more. */
  #ended(): void {
    this.#hasEnded = true;
    this.#call?.abort();
    if (!this.#hasMore) this.#endWithoutRequest();
  }

  #endWithoutRequest(): void {
    if (this.#isEnding) return;
    if (this.#phase === 'idle') this.#end([]);
    // Half a request.
    else if (this.#phase === 'head' || this.#phase === 'body') this.destroy();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call?.abort();
    this.#call = undefined;
    this.#giveBack();
    this.#onOver();
  }
}

/** Its signal is made when it is first looked at: most handlers look at none. */
class CallOptions {
  #controller: AbortController | undefined;
  #isAborted = false;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}
