import { MAX_STREAMS } from '@enclos/edl';
import { systemReason } from '@enclos/diagnostics';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { PassageNotice, PassedFrame } from '@enclos/tee/passage';
import { NoticeReader } from '../passing/notices.ts';
import type { WatchedConnection, Watch } from '../observe/watch.ts';
import type { HeldConnection, Passage, Passing } from '@enclos/tee/passing';
import type { Arrivals } from './arrivals.ts';

/**
 * The most accepted connections that an enclave may have open; further ones wait. It grants 256 in all, but when it stops listening
 * and begins again, what was passed before it is heard is not in its count. So more than that is not a broken rule.
 */
const maxOpen = 4 * MAX_STREAMS;
/** The most connections that it may ask for. Twice its own limit: ends may come later than the next call. */
const maxAsked = 2 * MAX_STREAMS;

/** With more credit than this no client waits for the end of another connection, so what the enclave says may be read a little later. */
const plentyOfCredit = 64;

/** What ends an enclave. */
export interface EnclaveEnds {
  /** It broke the rules of the passage. */
  violated(error: EnclosError): void;
  /** Its passage is closed, so no connection can reach it. */
  lost(): void;
}

interface PushedListener {
  readonly name: string;
  readonly arrivals: Arrivals;
  /** In the manifest. */
  readonly place: number;
  /** Connections that the enclave still takes: never more than {@link MAX_STREAMS}. */
  credit: number;
  /** It listens, so each end of a connection is a credit. Not between a withdrawal and the next grant. */
  isGranted: boolean;
}

interface AcceptedConnection {
  readonly listener: PushedListener;
  readonly watched: WatchedConnection | undefined;
}

/** A connection that the enclave asked for. It has it, or will have it at once, when this is passed. */
interface ConnectedConnection {
  isPassed: boolean;
  watched: WatchedConnection | undefined;
}

/** Connections are told to the watch, if there is one. */
export type StreamWatch = Pick<Watch, 'connection' | 'backlog'>;

/**
 * The connections that this host passes to an enclave. Those of a listener are pushed, as far as the enclave has granted: to be
 * asked for each would cost more than all the rest. Everything that the enclave says is untrusted.
 */
export class PassedStreams {
  readonly #passing: Passing;
  readonly #watch: StreamWatch | undefined;
  /** By their place in the manifest. */
  readonly #listeners: readonly (PushedListener | undefined)[];
  readonly #reader = new NoticeReader((notice) => this.#noticed(notice));
  /** By this host's numbers. */
  readonly #accepted = new Map<number, AcceptedConnection>();
  /** By the enclave's numbers. */
  readonly #connected = new Map<number, ConnectedConnection>();
  #passage: Passage | undefined;
  #lastNumber = 0;
  readonly #closing = new AbortController();
  /** Known once the gate is open. What happened before is told then. */
  #ends: EnclaveEnds | undefined;
  #tellEnd: ((ends: EnclaveEnds) => void) | undefined;

  constructor(
    passing: Passing,
    watch: StreamWatch | undefined,
    listeners: readonly (Pick<PushedListener, 'name' | 'arrivals'> | undefined)[],
  ) {
    this.#passing = passing;
    this.#watch = watch;
    this.#listeners = listeners.map(
      (listener, place) => listener && { ...listener, place, credit: 0, isGranted: false },
    );
  }

  /** The platform decided that connections are passed. */
  get isOpen(): boolean {
    return this.#passage !== undefined;
  }

  /** Connects to the passage of a new enclave. @throws TEE_PLATFORM_UNREACHABLE */
  async open(path: string): Promise<void> {
    const events = {
      read: (bytes: Uint8Array) => this.#read(bytes),
      ended: () => this.#end((ends) => ends.lost()),
    };
    const passage = await this.#passing.open(path, events).catch((cause: unknown) => {
      const why = systemReason(cause) ?? String(cause);
      const message = `The passage of the enclave at ${path} cannot be opened: ${why}.`;
      throw new EnclosError('TEE_PLATFORM_UNREACHABLE', message, { details: { path }, cause });
    });
    if (this.#isClosed) return passage.close();
    this.#passage = passage;
    for (const listener of this.#listeners) {
      listener?.arrivals.pushTo((connection) => this.#mayPush(listener) && this.#push(passage, listener, connection));
    }
  }

  /** From now on the enclave can be ended. */
  start(ends: EnclaveEnds): void {
    this.#ends = ends;
    this.#tellEnd?.(ends);
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  has(stream: number): boolean {
    return this.#connected.has(stream);
  }

  /**
   * Passes a connection that the enclave asked for, as soon as it is established.
   * @param stream the enclave's number, which is not in use
   * @param connect gets a signal that also aborts when the enclave ends
   * @throws what `connect` throws, STREAM_LIMIT, STREAM_BROKEN when it could not be passed
   */
  async connect(
    { stream, destination }: { readonly stream: number; readonly destination: string },
    signal: AbortSignal,
    connect: (signal: AbortSignal) => Promise<HeldConnection>,
  ): Promise<void> {
    const passage = this.#passage;
    if (passage === undefined || this.#isClosed) throw new EnclosError('STREAM_BROKEN');
    if (this.#connected.size >= maxAsked) {
      throw new EnclosError('STREAM_LIMIT', `${maxAsked} connections are open or waited for, no more are allowed.`);
    }
    const asked: ConnectedConnection = { isPassed: false, watched: undefined };
    this.#connected.set(stream, asked);
    try {
      const connection = await connect(AbortSignal.any([signal, this.#closing.signal]));
      asked.isPassed = true;
      asked.watched = this.#watch?.connection({ stream: destination, kind: 'connected', transport: 'passed' });
      await passConnected(passage, connection, stream);
    } catch (error) {
      asked.watched?.end(0, 0);
      this.#connected.delete(stream);
      throw error;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#closing.abort();
    this.#passage?.close();
    for (const { watched } of [...this.#accepted.values(), ...this.#connected.values()]) watched?.end(0, 0);
    this.#accepted.clear();
    this.#connected.clear();
  }

  #mayPush({ credit }: PushedListener): boolean {
    return credit > 0 && this.#accepted.size < maxOpen;
  }

  /** @returns true: the connection is taken */
  #push(passage: Passage, listener: PushedListener, connection: HeldConnection): true {
    const stream = this.#freeNumber();
    listener.credit -= 1;
    if (listener.credit <= plentyOfCredit) passage.wake();
    const watched = this.#watch?.connection({ stream: listener.name, kind: 'accepted', transport: 'passed' });
    this.#accepted.set(stream, { listener, watched });
    passage.pass(connection, { kind: 'accepted', listener: listener.place, stream }, this.#settled);
    return true;
  }

  /** A connection that was not passed is as if it had ended. */
  readonly #settled = ({ stream }: PassedFrame, error: Error | undefined): void => {
    if (error === undefined || this.#isClosed) return;
    const listener = this.#acceptedEnded(stream, 0n, 0n);
    if (listener === undefined) return;
    this.#watch?.backlog(listener.name, { dropped: 1 });
    // Its credit may be the only one, and then no notice comes.
    this.#pushWaiting(listener);
  };

  #freeNumber(): number {
    do this.#lastNumber = (this.#lastNumber % 0xffff_ffff) + 1;
    while (this.#accepted.has(this.#lastNumber));
    return this.#lastNumber;
  }

  /** Pushes after all notices of a turn: between a withdrawal and a grant there may be nothing. */
  #read(bytes: Uint8Array): void {
    try {
      this.#reader.read(bytes);
    } catch (error) {
      // No other error is thrown.
      const violation = isEnclosError(error) ? error : broken('something else');
      return this.#end((ends) => ends.violated(violation));
    }
    for (const listener of this.#listeners) if (listener !== undefined) this.#pushWaiting(listener);
    if (this.#mayRest()) this.#passage?.rest();
  }

  /** An observer learns of each end when it happens. */
  #mayRest(): boolean {
    return (
      this.#watch === undefined &&
      this.#listeners.every((listener) => listener === undefined || listener.credit > plentyOfCredit)
    );
  }

  #pushWaiting(listener: PushedListener): void {
    const passage = this.#passage;
    if (passage === undefined || this.#isClosed) return;
    while (this.#mayPush(listener)) {
      const waiting = listener.arrivals.take();
      if (waiting === undefined) return;
      this.#push(passage, listener, waiting);
    }
  }

  /** @throws GATE_PROTOCOL_VIOLATION */
  #noticed(notice: PassageNotice): void {
    switch (notice.kind) {
      case 'grant':
        return this.#granted(this.#listener(notice.listener), notice.count);
      case 'withdraw': {
        const listener = this.#listener(notice.listener);
        listener.credit = 0;
        listener.isGranted = false;
        return;
      }
      case 'accepted-ended':
        if (this.#acceptedEnded(notice.stream, notice.bytesRead, notice.bytesWritten) !== undefined) return;
        throw broken('an end of a connection that it does not have');
      case 'connected-ended':
        if (this.#connectedEnded(notice.stream, notice.bytesRead, notice.bytesWritten)) return;
        throw broken('an end of a connection that it does not have');
    }
  }

  #listener(place: number): PushedListener {
    const listener = this.#listeners[place];
    if (listener === undefined) throw broken('a listener whose connections are not passed');
    return listener;
  }

  #granted(listener: PushedListener, count: number): void {
    if (count > MAX_STREAMS) throw broken('more credit than it can have');
    listener.isGranted = true;
    addCredit(listener, count);
  }

  #acceptedEnded(stream: number, bytesRead: bigint, bytesWritten: bigint): PushedListener | undefined {
    const open = this.#accepted.get(stream);
    if (open === undefined) return undefined;
    this.#accepted.delete(stream);
    open.watched?.end(Number(bytesRead), Number(bytesWritten));
    if (open.listener.isGranted) addCredit(open.listener, 1);
    return open.listener;
  }

  /** @returns whether the enclave had one */
  #connectedEnded(stream: number, bytesRead: bigint, bytesWritten: bigint): boolean {
    const open = this.#connected.get(stream);
    if (open?.isPassed !== true) return false;
    open.watched?.end(Number(bytesRead), Number(bytesWritten));
    return this.#connected.delete(stream);
  }

  #end(tell: (ends: EnclaveEnds) => void): void {
    if (this.#isClosed) return;
    this.close();
    if (this.#ends === undefined) this.#tellEnd = tell;
    else tell(this.#ends);
  }
}

function addCredit(listener: PushedListener, count: number): void {
  listener.credit = Math.min(MAX_STREAMS, listener.credit + count);
}

function passConnected(passage: Passage, connection: HeldConnection, stream: number): Promise<void> {
  return new Promise((resolve, reject) => {
    passage.pass(connection, { kind: 'connected', listener: 0, stream }, (_frame, cause) => {
      if (cause === undefined) resolve();
      else reject(new EnclosError('STREAM_BROKEN', undefined, { cause }));
    });
  });
}

function broken(what: string): EnclosError {
  return new EnclosError('GATE_PROTOCOL_VIOLATION', `The enclave said on its passage ${what}.`);
}
