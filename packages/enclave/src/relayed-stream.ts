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
 * the other's memory.
 */
export class RelayedStream extends Duplex {
  /** Where the connection comes from: the host's word, for logs and nothing else. */
  readonly remoteAddress: string;
  readonly #init: RelayedStreamInit;
  /** Writes that the host has not answered, or has and nobody looked yet. In order. */
  readonly #writes: Promise<void>[] = [];
  #isReading = false;

  constructor(init: RelayedStreamInit) {
    super({ highWaterMark: MAX_STREAM_CHUNK_BYTES });
    this.#init = init;
    this.remoteAddress = init.remoteAddress;
    // A connection that somebody breaks must not end the enclave; readers and writers see it all the same.
    this.on('error', () => undefined);
  }

  override _read(): void {
    if (!this.#isReading) void this.#askForBytes();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    void report(this.#send(chunk), done);
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: Done): void {
    void report(this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk))), done);
  }

  override _final(done: Done): void {
    void report(this.#end(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    void this.#close();
    done(error);
  }

  async #askForBytes(): Promise<void> {
    this.#isReading = true;
    try {
      const bytes = await this.#init.system.streamRead({ stream: this.#init.stream });
      this.#isReading = false;
      const hasRoom = this.readableLength + bytes.length < this.readableHighWaterMark;
      // Before the bytes are used, so that the question crosses together with what is written in answer to them.
      if (bytes.length > 0 && hasRoom && !this.destroyed) void this.#askForBytes();
      this.push(bytes.length === 0 ? null : bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #end(): Promise<void> {
    // The host keeps the order.
    await Promise.all([...this.#writes, this.#init.system.streamEnd({ stream: this.#init.stream })]);
  }

  async #close(): Promise<void> {
    // Refused or not: from here on the host hears nothing more of it.
    await this.#init.system.streamClose({ stream: this.#init.stream }).catch(() => undefined);
    this.#init.closed();
  }

  async #send(content: Uint8Array): Promise<void> {
    const { system, stream } = this.#init;
    for (let at = 0; at < content.length; at += MAX_STREAM_CHUNK_BYTES) {
      const piece = content.subarray(at, at + MAX_STREAM_CHUNK_BYTES);
      const write = system.streamWrite({ stream, content: piece });
      write.catch((error: unknown) => this.#fail(error));
      this.#writes.push(write);
      if (this.#writes.length >= MAX_STREAM_WRITES) await this.#writes.shift();
    }
  }

  #fail(error: unknown): void {
    // With the host everything is over: there is nobody to tell, and no word of it must look like a crash.
    if (isEnclosError(error) && error.kind === 'lost') this.destroy();
    else this.destroy(error instanceof Error ? error : new EnclosError('STREAM_BROKEN', undefined, { cause: error }));
  }
}

async function report(work: Promise<void>, done: Done): Promise<void> {
  try {
    await work;
  } catch (error) {
    return done(error instanceof Error ? error : new EnclosError('STREAM_BROKEN', undefined, { cause: error }));
  }
  done();
}
