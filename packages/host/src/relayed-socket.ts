import type { Socket } from 'node:net';
import { MAX_STREAM_CHUNK_BYTES, MAX_STREAM_WRITES } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';

interface Reader {
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

const nothing = new Uint8Array(0);
/** An answer to a small write may wait this long for bytes to read, with which it crosses: half as many messages. */
const answerDelayMs = 5;
const smallWriteBytes = 16_384;

/**
 * A socket as the enclave uses it: it asks for bytes, and is answered when its
 * own are taken. So the socket holds one piece for each direction and the
 * kernel the rest, whatever the other end and the enclave do.
 */
export class RelayedSocket {
  readonly #socket: Socket;
  #reader: Reader | undefined;
  #writes = 0;
  /** Answers to writes that the kernel has taken. */
  #taken: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #serve = (): void => this.#serveReader();

  constructor(socket: Socket) {
    this.#socket = socket;
    const moved = (): void => atTurnsEnd(this.#serve);
    for (const event of ['readable', 'end', 'error', 'close']) socket.on(event, moved);
  }

  /** At most MAX_STREAM_CHUNK_BYTES, as soon as there are any; none at the end. @throws STREAM_REFUSED, STREAM_BROKEN */
  read(): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#reader !== undefined) return reject(refused('Another read of this stream is under way.'));
      this.#reader = { resolve, reject };
      this.#serveReader();
    });
  }

  /** Resolves when the kernel has the bytes. @throws STREAM_REFUSED, STREAM_BROKEN */
  write(content: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#writes >= MAX_STREAM_WRITES) return reject(refused('Too many writes of this stream are under way.'));
      if (this.#socket.writableEnded) return reject(refused('The stream was ended: nothing more can be written.'));
      this.#writes += 1;
      this.#socket.write(content, (error) => {
        if (error === null || error === undefined) return this.#answerWrite(resolve, content.length);
        this.#writes -= 1;
        reject(broken(error));
      });
    });
  }

  /** Waits only while the enclave may go on writing. */
  #answerWrite(resolve: () => void, sizeBytes: number): void {
    this.#taken.push(resolve);
    if (sizeBytes >= smallWriteBytes || 2 * this.#writes > MAX_STREAM_WRITES) return this.#answerWrites();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#answerWrites();
    }, answerDelayMs);
  }

  #answerWrites(): void {
    for (const resolve of this.#taken) resolve();
    this.#writes -= this.#taken.length;
    this.#taken = [];
  }

  /** Resolves when everything written is on its way and the end behind it. @throws STREAM_REFUSED, STREAM_BROKEN */
  end(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket.writableEnded) return reject(refused('The stream was ended already.'));
      this.#answerWrites();
      this.#socket.end((error?: Error | null) => {
        if (error === null || error === undefined) resolve();
        else reject(broken(error));
      });
    });
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#answerWrites();
    this.#socket.destroy();
  }

  #serveReader(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const socket = this.#socket;
    // With nothing there this asks the socket for more, which is also how it finds its end.
    const available = socket.readableLength;
    const bytes = socket.read(Math.min(available, MAX_STREAM_CHUNK_BYTES) || undefined) as Buffer | null;
    if (bytes !== null) this.#answer((to) => to.resolve(bytes));
    else if (socket.errored !== null) this.#answer((to) => to.reject(broken(socket.errored)));
    else if (socket.readableEnded) this.#answer((to) => to.resolve(nothing));
    else if (socket.destroyed) this.#answer((to) => to.reject(broken()));
  }

  #answer(give: (reader: Reader) => void): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#answerWrites();
    if (reader !== undefined) give(reader);
  }
}

let waiting = new Set<() => void>();

/** Runs the work once, when all sockets that have something have said so: what they say then crosses together. */
function atTurnsEnd(work: () => void): void {
  if (waiting.size === 0) {
    setImmediate(() => {
      const all = waiting;
      waiting = new Set();
      for (const each of all) each();
    });
  }
  waiting.add(work);
}

function refused(message: string): EnclosError {
  return new EnclosError('STREAM_REFUSED', message);
}

/** The reason stays with the host: the enclave could not check it. */
function broken(cause?: unknown): EnclosError {
  return new EnclosError('STREAM_BROKEN', undefined, { cause });
}
