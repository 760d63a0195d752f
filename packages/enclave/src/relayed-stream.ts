import { Duplex } from 'node:stream';
import { MAX_STREAM_CHUNK_BYTES, MAX_STREAM_WRITES } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { HostSystem } from './runtime.ts';

export interface RelayedStreamInit {
  readonly system: HostSystem;
  /** The number of the stream between enclave and host. */
  readonly stream: number;
  readonly remoteAddress: string;
  /** Called once, when the host has forgotten the stream. */
  closed(): void;
}

type Done = (error?: Error) => void;

/**
 * A connection that the host relays. It asks the host for bytes when there is
 * room for them and has few writes under way, so that neither side can fill
 * the other's memory. Made without a promise of its own for each step: they
 * would cost more than all the rest.
 */
export class RelayedStream extends Duplex {
  /** Where the connection comes from: the host's word, for logs and nothing else. */
  readonly remoteAddress: string;
  readonly #init: RelayedStreamInit;
  #isReading = false;
  /** Writes that the host has not answered. */
  #unanswered = 0;
  /** What goes on when there is one less of them, and who is told when there never is. */
  #waiting: { readonly next: () => void; readonly done: Done } | undefined;
  readonly #received = (bytes: Uint8Array): void => this.#take(bytes);
  readonly #answered = (): void => this.#goOn();
  readonly #failed = (error: unknown): void => this.#fail(error);

  constructor(init: RelayedStreamInit) {
    super({ highWaterMark: MAX_STREAM_CHUNK_BYTES });
    this.#init = init;
    this.remoteAddress = init.remoteAddress;
    // A connection that somebody breaks must not end the enclave; readers and writers see it all the same.
    this.on('error', () => undefined);
  }

  override _read(): void {
    if (!this.#isReading) this.#ask();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#send(chunk, 0, done);
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: Done): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), 0, done);
  }

  /** The host keeps the order. Answers to writes may come after; one that fails breaks the stream. */
  override _final(done: Done): void {
    const { system, stream } = this.#init;
    const ended = (): void => done();
    system.streamEnd({ stream }).then(ended, this.#failed);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#close();
    this.#waiting?.done(error ?? new EnclosError('STREAM_BROKEN'));
    done(error);
  }

  #ask(): void {
    this.#isReading = true;
    const { system, stream } = this.#init;
    system.streamRead({ stream }).then(this.#received, this.#failed);
  }

  #take(bytes: Uint8Array): void {
    this.#isReading = false;
    if (bytes.length === 0) return void this.push(null);
    const hasRoom = this.readableLength + bytes.length < this.readableHighWaterMark;
    // Before the bytes are used, so that the question crosses together with what is written in answer to them.
    if (hasRoom && !this.destroyed) this.#ask();
    this.push(bytes);
  }

  #send(content: Uint8Array, at: number, done: Done): void {
    const { system, stream } = this.#init;
    const end = at + MAX_STREAM_CHUNK_BYTES;
    this.#unanswered += 1;
    system.streamWrite({ stream, content: content.subarray(at, end) }).then(this.#answered, this.#failed);
    const next = end < content.length ? (): void => this.#send(content, end, done) : done;
    if (this.#unanswered < MAX_STREAM_WRITES) next();
    else this.#waiting = { next, done };
  }

  #goOn(): void {
    this.#unanswered -= 1;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!this.destroyed) waiting?.next();
  }

  #close(): void {
    const { system, stream } = this.#init;
    const closed = (): void => this.#init.closed();
    // Refused or not: from here on the host hears nothing more of it.
    system.streamClose({ stream }).then(closed, closed);
  }

  #fail(error: unknown): void {
    // With the host everything is over: there is nobody to tell, and no word of it must look like a crash.
    if (isEnclosError(error) && error.kind === 'lost') this.destroy();
    else this.destroy(error instanceof Error ? error : new EnclosError('STREAM_BROKEN', undefined, { cause: error }));
  }
}
