import { Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';
import { MAX_STREAM_CHUNK_BYTES, type StreamEvents, type StreamPort } from '@enclos/gate';

type Completion = (error?: Error) => void;
type Callback = (error: Error | null | undefined) => void;

/** A callback of this promise costs a fifth of `queueMicrotask`. */
const settled = Promise.resolve();

/**
 * A connection that the host relays. The host may send as many bytes as were granted, and more are granted as bytes are read;
 * writes wait for grants from the host.
 *
 * Bytes that can pass at once do so without a queue on either side: TLS inside reads and writes one record at a time, and the
 * queues of a Duplex took a tenth of its time.
 */
export class RelayedStream extends Duplex {
  readonly #port: StreamPort;
  #remoteAddress = '';
  #isLending = false;
  /** The part of the current write that the host has not granted yet. */
  #unsent: { readonly bytes: Uint8Array; readonly done: Completion } | undefined;

  constructor(open: (events: StreamEvents) => StreamPort) {
    super({ highWaterMark: MAX_STREAM_CHUNK_BYTES });
    this.#port = open({
      data: (bytes) => {
        const readers = this.#waitingReaders();
        if (readers === 0) this.push(copyOf(bytes));
        else this.emit('data', this.#isLending && readers === 1 ? bytes : copyOf(bytes));
        this.#port.grant(this.readableLength);
      },
      room: () => this.#sendRest(),
      ended: () => void this.push(null),
      closed: () => this.#closed(),
    });
    // A broken connection must not end the enclave; readers and writers still see the error.
    this.on('error', () => undefined);
  }

  /** The peer's address as the host reports it. Use it only for logs. */
  get remoteAddress(): string {
    return this.#remoteAddress;
  }

  /**
   * For an owner that is done with the bytes of `data` before it returns, and that may be called back within `write`, as TLS
   * is. With a second listener, all listeners get copies.
   */
  lend(): void {
    this.#isLending = true;
  }

  /** The host has opened it. */
  arrived(remoteAddress: string): void {
    this.#remoteAddress = remoteAddress;
  }

  override read(sizeBytes?: number): unknown {
    const bytes: unknown = super.read(sizeBytes);
    // After the read, not in `_read`, which runs before the bytes are taken.
    this.#port.grant(this.readableLength);
    return bytes;
  }

  override write(bytes: unknown, encodingOrWritten?: BufferEncoding | Callback, behindEncoding?: Callback): boolean {
    const hasEncoding = typeof encodingOrWritten === 'string' || behindEncoding !== undefined;
    if (hasEncoding) return super.write(bytes, encodingOrWritten as BufferEncoding, behindEncoding);
    const written = encodingOrWritten;
    const mustQueue = !this.writable || this.writableLength > 0;
    if (mustQueue || !(bytes instanceof Uint8Array)) return super.write(bytes, written);
    const sentBytes = this.#port.send(bytes);
    if (sentBytes < bytes.length) return super.write(bytes.subarray(sentBytes), written);
    if (written === undefined) return true;
    if (this.#isLending) written(null);
    else void settled.then(() => written(null));
    return true;
  }

  /** The host sends by itself whatever it was granted. */
  override _read(): void {}

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: Completion): void {
    const sentBytes = this.#port.send(bytes);
    if (sentBytes === bytes.length) done();
    else this.#unsent = { bytes: bytes.subarray(sentBytes), done };
  }

  override _final(done: Completion): void {
    this.#port.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#port.close();
    this.#unsent?.done(error ?? new EnclosError('STREAM_BROKEN'));
    done(error);
  }

  /**
   * The number of listeners that can take bytes at once: nothing is queued before them, and `push` would only add a queue and
   * its delay.
   */
  #waitingReaders(): number {
    const isFree = this.readableFlowing === true && this.readableLength === 0 && this.readableEncoding === null;
    return isFree ? this.listenerCount('data') : 0;
  }

  #sendRest(): void {
    const unsent = this.#unsent;
    if (unsent === undefined) return;
    this.#unsent = undefined;
    this._write(unsent.bytes, 'utf8', unsent.done);
  }

  /** After both ends, this is the host's side of closing. Unread bytes can still be read. */
  #closed(): void {
    if (!this.#port.isEnded || !this.writableFinished) this.destroy(new EnclosError('STREAM_BROKEN'));
  }
}

/** A copy in memory that it shares with nothing else. */
function copyOf(bytes: Uint8Array): Buffer {
  return Buffer.from(new Uint8Array(bytes).buffer);
}
