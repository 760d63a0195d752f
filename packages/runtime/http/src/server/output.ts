import type { Duplex } from 'node:stream';
import { sendableEncoding, type Sendable } from '../writing/response.ts';

/** What the server writes to one client. */
export class Output {
  readonly #stream: Duplex;
  /** Continues when the client has taken the written bytes. */
  #onRoom: (() => void) | undefined;
  #isGathering = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('drain', () => this.#drained());
  }

  /** The client has to read before more is written. */
  get isFull(): boolean {
    return this.#onRoom !== undefined;
  }

  /**
   * What is written from now on, until all that is ready has been done, goes out together: one record of TLS and one call of
   * the system in place of one for each.
   */
  gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#stream.cork();
    process.nextTick(() => this.flush());
  }

  /** Writes what was gathered. Without it a connection that is destroyed loses what was said before. */
  flush(): void {
    if (!this.#isGathering) return;
    this.#isGathering = false;
    this.#stream.uncork();
  }

  /** @returns false when the client has to read first. */
  write(pieces: readonly Sendable[]): boolean {
    const [first, ...more] = pieces;
    if (first === undefined) return true;
    if (more.length === 0) return this.#stream.write(first, sendableEncoding);
    this.#stream.cork();
    let hasRoom = this.#stream.write(first, sendableEncoding);
    for (const piece of more) hasRoom = this.#stream.write(piece, sendableEncoding);
    this.#stream.uncork();
    return hasRoom;
  }

  /** Calls it once, when the client has taken what was written. */
  waitForRoom(onRoom: () => void): void {
    this.#onRoom = onRoom;
  }

  /** Writes the last bytes. @param onTaken is called when the client has taken them. */
  end(pieces: readonly Sendable[], onTaken: () => void): void {
    this.#onRoom = undefined;
    this.write(pieces);
    this.flush();
    this.#stream.end(onTaken);
  }

  #drained(): void {
    const onRoom = this.#onRoom;
    this.#onRoom = undefined;
    onRoom?.();
  }
}
