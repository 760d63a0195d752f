import { MAX_STREAMS } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import {
  decodePassedFrame,
  encodePassageNotice,
  PASSAGE_NOTICE_BYTES,
  type EnclavePassage,
  type PassageNotice,
  type PassedSocket,
} from '@enclos/tee/passage';
import { PassedListener, type ListenOptions } from './passed-listener.ts';
import { SocketArrival } from './socket-arrival.ts';

export interface PassedStreamsOptions {
  readonly passage: EnclavePassage;
  /** Whether each listener of the manifest is passed, in its order. */
  readonly listeners: readonly boolean[];
  /** How long a socket may take that the host says it has passed. Default: 10 seconds. */
  readonly socketTimeoutMs?: number | undefined;
}

/** The connections whose sockets the host passes. */
export class PassedStreams {
  /** The most connections of each listener. */
  readonly share: number;
  readonly #passage: EnclavePassage;
  readonly #socketTimeoutMs: number;
  readonly #listeners: readonly (PassedListener | undefined)[];
  /** The host's numbers of accepted connections. */
  readonly #accepted = new Set<number>();
  /** Our numbers of connections that were asked for, waiting or open. */
  readonly #connected = new Set<number>();
  readonly #awaited = new Map<number, SocketArrival>();
  /** Numbers whose sockets may still come although the caller no longer waits, oldest first. */
  readonly #abandoned = new Set<number>();
  /** Notices of this turn: one write for all of them. */
  #notices: Uint8Array[] = [];

  constructor({ passage, listeners, socketTimeoutMs = 10_000 }: PassedStreamsOptions) {
    this.#passage = passage;
    this.#socketTimeoutMs = socketTimeoutMs;
    const share = Math.floor(MAX_STREAMS / Math.max(1, listeners.filter(Boolean).length));
    this.share = share;
    const notify = (notice: PassageNotice): void => this.#notify(notice);
    this.#listeners = listeners.map((isPassed, listener) =>
      isPassed ? new PassedListener({ listener, share, notify }) : undefined,
    );
    passage.start((frame, socket) => this.#arrived(frame, socket));
  }

  /** Whether a number that `connect` may get is in use. */
  has(stream: number): boolean {
    return this.#connected.has(stream) || this.#abandoned.has(stream);
  }

  /** @param listener the place of a passed listener in the manifest. */
  listen(listener: number, options: ListenOptions): AsyncGenerator<PassedSocket, void, undefined> {
    const found = this.#listeners[listener];
    if (found === undefined) throw new EnclosError('STREAM_NOT_DECLARED');
    return found.connections(options);
  }

  /**
   * Waits for the host's answer and for the socket, which come in either order.
   * @param stream a number that is not in use.
   * @param ask asks the host to connect, and resolves with its answer.
   */
  async connect(stream: number, ask: () => Promise<unknown>, options: ListenOptions): Promise<PassedSocket> {
    if (this.#connected.size >= MAX_STREAMS) throw new EnclosError('STREAM_LIMIT');
    const { signal, counts = false } = options;
    const arrival = new SocketArrival(counts);
    this.#connected.add(stream);
    this.#awaited.set(stream, arrival);
    try {
      await ask();
      const socket = await arrival.within(this.#socketTimeoutMs, signal);
      if (socket.destroyed) throw new EnclosError('STREAM_BROKEN');
      return socket;
    } catch (error) {
      if (arrival.socket === undefined) this.#abandon(stream);
      else arrival.socket.destroy();
      throw error;
    }
  }

  /** @throws GATE_PROTOCOL_VIOLATION, and then the process ends. */
  #arrived(frame: Uint8Array, socket: PassedSocket): void {
    const { kind, listener, stream } = decodePassedFrame(frame);
    // A broken connection must not end the enclave; readers and writers still see the error.
    socket.on('error', () => undefined);
    // As a stream that was never paused: it flows once it has a reader.
    Reflect.set(socket, 'readableFlowing', null);
    if (kind === 'connected') return this.#connectedArrived(stream, socket);
    const found = this.#listeners[listener];
    if (found === undefined || this.#accepted.has(stream)) {
      throw new EnclosError('GATE_PROTOCOL_VIOLATION', 'The host passed a connection that nothing listens for.');
    }
    this.#accepted.add(stream);
    found.arrived(stream, socket);
  }

  #connectedArrived(stream: number, socket: PassedSocket): void {
    const arrival = this.#awaited.get(stream);
    if (arrival === undefined) {
      socket.destroy();
      // The host keeps no other number.
      if (this.#abandoned.delete(stream)) this.#connectedEnded(stream);
      return;
    }
    this.#awaited.delete(stream);
    socket.once('close', () => {
      this.#connected.delete(stream);
      this.#connectedEnded(stream, arrival.counts ? socket : undefined);
    });
    arrival.arrived(socket);
  }

  #abandon(stream: number): void {
    this.#awaited.delete(stream);
    this.#connected.delete(stream);
    for (const oldest of this.#abandoned) {
      if (this.#abandoned.size < MAX_STREAMS) break;
      this.#abandoned.delete(oldest);
    }
    this.#abandoned.add(stream);
  }

  #connectedEnded(stream: number, counted?: PassedSocket): void {
    const [bytesRead, bytesWritten] = [BigInt(counted?.bytesRead ?? 0), BigInt(counted?.bytesWritten ?? 0)];
    this.#notify({ kind: 'connected-ended', stream, bytesRead, bytesWritten });
  }

  #notify(notice: PassageNotice): void {
    if (notice.kind === 'accepted-ended') this.#accepted.delete(notice.stream);
    if (this.#notices.push(encodePassageNotice(notice)) > 1) return;
    setImmediate(() => {
      const notices = this.#notices;
      this.#notices = [];
      const all = new Uint8Array(notices.length * PASSAGE_NOTICE_BYTES);
      for (const [i, bytes] of notices.entries()) all.set(bytes, i * PASSAGE_NOTICE_BYTES);
      this.#passage.send(all);
    });
  }
}
