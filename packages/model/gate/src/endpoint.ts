import { EnclosError, isEnclosError, type ErrorCode } from '@enclos/errors';
import {
  FRAME_HEADER_BYTES,
  FrameKind,
  MAX_LOG_BYTES,
  MAX_LOG_LEVEL,
  protocolViolation,
  simpleFrame,
  type Frame,
  type FrameHeader,
} from './frame/frames.ts';
import { FrameWriter } from './frame/frame-writer.ts';
import type { IncomingCall } from './incoming-call.ts';
import { IncomingCalls } from './incoming-calls.ts';
import { resolveLimits, systemTimers, type GateLimits, type Timers } from './limits.ts';
import { acceptedErrors, decodeLogLine, encodeText, type ErrorDescription } from './messages.ts';
import { OutgoingCalls, type InvokeOptions, type PendingCall } from './outgoing-calls.ts';
import { Receiver } from './receiver.ts';
import type { SendStream } from './stream-table.ts';
import type { Transport } from './transport/transport.ts';

export interface EndpointOptions {
  readonly transport: Transport;
  /** One of the two sides is the initiator; its call ids are odd. */
  readonly initiator: boolean;
  /** Our greeting, sent at once. */
  readonly hello: Uint8Array;
  /** Checks the greeting of the peer; throwing refuses it and closes the gate. */
  readonly acceptHello: (payload: Uint8Array) => void;
  readonly limits: GateLimits;
  /** Runs a call of the peer. An immediate result need not become a promise. */
  readonly dispatch: (call: IncomingCall) => Uint8Array | Promise<Uint8Array>;
  /** The part of a handler's error that may cross the gate. */
  readonly describeError: (error: unknown) => ErrorDescription;
  /**
   * The codes that this peer may raise here, never including codes of kind `lost`. Every other code arrives as
   * GATE_REMOTE_ERROR. Absent: all codes do.
   */
  readonly remoteErrors?: ReadonlySet<ErrorCode> | readonly ErrorCode[] | undefined;
  /**
   * The most bytes that the arguments of a function can take. A call with more is
   * refused at its header, before any of it is kept, as a protocol violation.
   * Default: the size of a frame. Return 0 for an unknown function.
   */
  readonly maxPayloadBytes?: ((table: number, index: number) => number) | undefined;
  /**
   * Memory for a large payload of the peer: at least so many bytes, whatever they hold, which no other code uses until the payload is given up.
   * Default: new memory for each.
   */
  readonly memoryFor?: ((sizeBytes: number) => Uint8Array) | undefined;
  /** Makes the error for each call that the end of the gate leaves without an answer. */
  readonly lostError: (cause?: unknown) => Error;
  /**
   * A log line of the peer: level 0 to 4, text without control characters. Its line breaks
   * have become U+23CE, so that a line stays one line. It must bound what it keeps.
   */
  readonly onLog?: ((level: number, text: string) => void) | undefined;
  /** Takes a frame of a stream. If it throws, the frame is refused and the gate closes. Absent: no stream is expected. */
  readonly onStream?: ((frame: Frame) => void) | undefined;
  /** How many turns of the event loop a frame of a stream may wait, so that it is sent with others. Default 0. */
  readonly streamTurns?: number | undefined;
  readonly timers?: Timers | undefined;
}

/** How a gate ended. */
export interface CloseReason {
  /** True when one side said goodbye. */
  readonly orderly: boolean;
  readonly error?: Error;
}

/** One side of a gate. Both sides run the same code, and neither trusts the other. */
export interface Endpoint {
  /** Resolves when the peer's greeting is accepted; rejects when the gate ends before. */
  readonly ready: Promise<void>;
  /** Resolves when the gate has ended, and never rejects. */
  readonly closed: Promise<CloseReason>;
  /**
   * Calls a function of the peer: table 0 application, 1 system. Calls made
   * before the greeting wait for it. The payload is copied before this returns; a payload of 256 KiB or more is taken over, and
   * must not change afterwards.
   */
  readonly invoke: (table: number, index: number, payload: Uint8Array, options?: InvokeOptions) => Promise<Uint8Array>;
  /** Our calls without an answer, in no particular order. `end` rejects one, unless that has already happened. */
  readonly pending: () => readonly PendingCall[];
  /** Sends a log line (level 0 error to 4 trace, cut at 8 KiB). Dropped rather than delayed under congestion. */
  readonly log: (level: number, text: string) => void;
  /** Sends a frame of a stream: see `StreamTable`. Dropped when the gate is not open. */
  readonly stream: SendStream;
  /**
   * Without an error: says goodbye, rejects our pending calls, aborts the
   * running ones of the peer, and ends the transport after everything is flushed. With one: destroys the transport at once.
   * Resolves when the gate has ended.
   */
  readonly close: (error?: Error) => Promise<void>;
}

/** greeting: our HELLO is sent, the peer's awaited. closing: a GOODBYE was sent or received, the transport is ending. */
type State = 'greeting' | 'open' | 'closing' | 'closed';

/** @throws GATE_INVALID_ARGUMENT for a limit out of range or a greeting that does not fit into a frame. */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const gate = new GateEndpoint(options);
  return Object.freeze({
    ready: gate.ready,
    closed: gate.closed,
    invoke: (table: number, index: number, payload: Uint8Array, how: InvokeOptions = {}) =>
      gate.outgoing.invoke({ table, index, payload, options: how, parent: undefined }),
    pending: () => gate.outgoing.pending(),
    log: (level: number, text: string) => gate.log(level, text),
    stream: gate.stream,
    close: (error?: Error) => gate.close(error),
  });
}

class GateEndpoint {
  readonly ready: Promise<void>;
  readonly closed: Promise<CloseReason>;
  readonly outgoing: OutgoingCalls;
  readonly stream: SendStream = (frame, isRefusal, taken) =>
    isRefusal ? this.#writer.sendRefusal(frame) : this.#writer.sendGathered(frame, taken);
  readonly #options: EndpointOptions;
  readonly #limits: Required<GateLimits>;
  readonly #timers: Timers;
  readonly #writer: FrameWriter;
  readonly #receiver: Receiver;
  readonly #incoming: IncomingCalls;
  readonly #readySettle: PromiseSettle<void>;
  readonly #closedSettle: PromiseSettle<CloseReason>;
  #state: State = 'greeting';
  /** The timer of the greeting, and later of the orderly close. */
  #timer: unknown;

  constructor(options: EndpointOptions) {
    const { transport, lostError, timers = systemTimers } = options;
    const limits = resolveLimits(options.limits);
    this.#options = options;
    this.#limits = limits;
    this.#timers = timers;
    [this.ready, this.#readySettle] = openPromise<void>();
    [this.closed, this.#closedSettle] = openPromise<CloseReason>();
    // Callers that ignore `ready` still learn of a failure from `closed` and from every call.
    this.ready.catch(() => undefined);
    const failed = (error: unknown): void => this.#fail(error);
    const overloaded = (value: boolean): void => this.#receiver.pause(value);
    const writer = new FrameWriter(transport, { failed, overloaded }, options.streamTurns);
    this.#writer = writer;
    this.#receiver = new Receiver({
      transport,
      limits,
      timers,
      failed,
      memoryFor: options.memoryFor,
      header: (header, payloadBytes) => this.#header(header, payloadBytes),
      frame: (frame) => this.#frame(frame),
    });
    const remoteErrors = acceptedErrors(options.remoteErrors ?? []);
    const firstId = options.initiator ? 1 : 2;
    this.outgoing = new OutgoingCalls({ limits, timers, writer, lostError, remoteErrors, firstId });
    this.#incoming = new IncomingCalls({ ...options, limits, timers, writer, outgoing: this.outgoing });
    this.#start();
  }

  log(level: number, text: string): void {
    if (this.#state !== 'open' && this.#state !== 'greeting') return;
    if (!this.#writer.hasRoomForLog) return;
    const maxBytes = Math.min(MAX_LOG_BYTES, this.#limits.maxFrameBytes - FRAME_HEADER_BYTES);
    const safeLevel = Math.min(MAX_LOG_LEVEL, Math.max(0, Math.trunc(level) || 0));
    this.#writer.send({ ...simpleFrame(FrameKind.LOG, 0, encodeText(text, maxBytes)), functionIndex: safeLevel });
  }

  close(error?: Error): Promise<void> {
    if (error !== undefined) this.#fail(error);
    else if (this.#state === 'greeting' || this.#state === 'open') this.#sayGoodbye();
    return this.closed.then(() => undefined);
  }

  #start(): void {
    const { transport, hello } = this.#options;
    const maxHelloBytes = this.#limits.maxFrameBytes - FRAME_HEADER_BYTES;
    if (!(hello instanceof Uint8Array) || hello.length > maxHelloBytes) {
      throw new EnclosError(
        'GATE_INVALID_ARGUMENT',
        `The greeting is not a Uint8Array of at most ${maxHelloBytes} bytes.`,
      );
    }
    const { helloTimeoutMs } = this.#limits;
    this.#timer = this.#timers.setTimeout(() => {
      this.#fail(new EnclosError('GATE_HELLO_TIMEOUT', `The peer did not greet within ${helloTimeoutMs} ms.`));
    }, helloTimeoutMs);
    transport.start({
      data: (chunk) => this.#receiver.data(chunk),
      room: () => this.#receiver.room(),
      drain: () => this.#writer.drained(),
      end: (error) => this.#ended(error),
    });
    this.#writer.send(simpleFrame(FrameKind.HELLO, 0, hello));
    this.#writer.hold();
  }

  /** Refuses what can be refused before the payload has arrived. */
  #header(header: FrameHeader, payloadBytes: number): void {
    const isEarly = this.#state === 'greeting' && header.kind !== FrameKind.HELLO;
    if (isEarly) throw protocolViolation('something before its greeting');
    if (header.kind === FrameKind.RETURN) return this.outgoing.checkResult(header.callId, payloadBytes);
    if (header.kind !== FrameKind.CALL) return;
    const maxBytes = this.#options.maxPayloadBytes?.(header.table, header.functionIndex) ?? Infinity;
    // Written so that NaN refuses.
    if (payloadBytes <= maxBytes) return;
    throw protocolViolation(`arguments of ${payloadBytes} bytes, at most ${maxBytes} are possible`);
  }

  #frame(frame: Frame): void {
    if (this.#state === 'greeting') return this.#greeted(frame);
    switch (frame.kind) {
      case FrameKind.HELLO:
        throw protocolViolation('a second greeting');
      case FrameKind.CALL:
        this.#checkPeerId(frame.callId);
        return this.#incoming.accept(frame);
      case FrameKind.RETURN:
      case FrameKind.THROW:
        return this.outgoing.answered(frame);
      case FrameKind.CANCEL:
        this.#checkPeerId(frame.callId);
        return this.#incoming.cancel(frame.callId);
      case FrameKind.LOG:
        return this.#logged(frame);
      case FrameKind.GOODBYE:
        return this.#goodbyeReceived();
      default:
        if (this.#options.onStream === undefined) throw protocolViolation('a frame of a stream, where there are none');
        return this.#options.onStream(frame);
    }
  }

  #greeted(frame: Frame): void {
    try {
      this.#options.acceptHello(frame.payload);
    } catch (cause) {
      if (isEnclosError(cause)) throw cause;
      throw new EnclosError('GATE_HELLO_REFUSED', 'The greeting of the peer was not accepted.', { cause });
    }
    // acceptHello may itself have closed the gate.
    if (this.#state !== 'greeting') return;
    this.#timers.clearTimeout(this.#timer);
    this.#state = 'open';
    this.#readySettle.resolve();
    this.#writer.release();
  }

  #checkPeerId(id: number): void {
    const isOdd = id % 2 === 1;
    if (isOdd === this.#options.initiator) throw protocolViolation('a call id that is not its own');
  }

  #logged(frame: Frame): void {
    const text = decodeLogLine(frame.payload);
    try {
      this.#options.onLog?.(frame.functionIndex, text);
    } catch {
      // A failing log must not end the calls of the peer.
    }
  }

  #sayGoodbye(): void {
    this.#beginClosing();
    this.#writer.finish(simpleFrame(FrameKind.GOODBYE, 0), () => this.#options.transport.close());
  }

  #goodbyeReceived(): void {
    this.#beginClosing();
    this.#writer.stop();
    this.#options.transport.close();
  }

  #beginClosing(): void {
    if (this.#state === 'greeting') this.#readySettle.reject(this.#options.lostError());
    this.#state = 'closing';
    this.#timers.clearTimeout(this.#timer);
    this.#timer = this.#timers.setTimeout(
      () => this.#fail(new Error('The orderly close of the gate took too long.')),
      this.#limits.closeTimeoutMs,
    );
    this.#loseCalls(undefined);
  }

  /** The transport has ended by itself. */
  #ended(error: Error | undefined): void {
    if (this.#state !== 'closed') this.#finish(error, this.#options.lostError(error));
  }

  #fail(reason: unknown): void {
    if (this.#state === 'closed') return;
    const error = reason instanceof Error ? reason : new Error('The gate failed.', { cause: reason });
    this.#finish(error, error);
    this.#options.transport.close(error);
  }

  #finish(error: Error | undefined, notReady: Error): void {
    const orderly = this.#state === 'closing';
    this.#state = 'closed';
    this.#timers.clearTimeout(this.#timer);
    this.#writer.stop();
    if (!orderly) this.#loseCalls(error);
    this.#readySettle.reject(notReady);
    this.#closedSettle.resolve(Object.freeze(orderly || error === undefined ? { orderly } : { orderly, error }));
  }

  #loseCalls(cause: unknown): void {
    this.#receiver.stop();
    this.outgoing.lose(cause);
    this.#incoming.lose(() => this.#options.lostError(cause));
  }
}

interface PromiseSettle<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** A promise and its handles. */
function openPromise<T>(): [Promise<T>, PromiseSettle<T>] {
  let settle: PromiseSettle<T> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new TypeError('A promise did not run its executor.');
  return [promise, settle];
}
