import type { Duplex } from 'node:stream';

/** `PassedSocket` of `@enclos/tee`. */
export interface PassedSocket extends Duplex {
  readonly remoteAddress: string;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** The class of the sockets that are passed. Without a handle it is a socket that was never connected. */
export interface ConnectedSocketClass {
  new (handle: object | undefined, peer: string): PassedSocket;
  readonly prototype: object;
}

/** A part of the loader, beside those of the passage. */
export function connectedSocket(require: NodeJS.Require): ConnectedSocketClass {
  const { Socket } = require('node:net') as typeof import('node:net');
  const { set } = Reflect;
  /**
   * It is read before it has a reader (`passedSockets`), and so it may meet the end of the peer before. That end waits for the reader:
   * listeners that come later still get it, and TLS reads it again.
   */
  return class ConnectedSocket extends (Socket as unknown as SocketClass) {
    readonly #handle: object | undefined;
    readonly #peer: string;
    #hasEnd = false;
    constructor(handle: object | undefined, peer: string) {
      super({ ...(handle === undefined ? {} : { handle }), allowHalfOpen: true, pauseOnCreate: true });
      this.#handle = handle;
      this.#peer = peer;
    }
    get remoteAddress(): string {
      return this.#peer;
    }
    override push(chunk: unknown, encoding?: BufferEncoding): boolean {
      if (chunk === null) {
        this.#hasEnd = true;
        // libuv stops reading at the end, and Node forgets to say so: TLS that begins later would believe that it goes on.
        if (this.#handle !== undefined) set(this.#handle, 'reading', false);
      }
      return super.push(chunk, encoding);
    }
    override read(sizeBytes?: number): unknown {
      // Node asks so after each end. The event would come now, and never again.
      if (sizeBytes === 0 && this.#endWaits() && !this.writableEnded) return null;
      return super.read(sizeBytes);
    }
    override _final(done: (error?: Error | null) => void): void {
      super._final(done);
      // This side is over too, with or without a reader, so the socket closes.
      if (this.#endWaits()) super.read(0);
    }
    #endWaits(): boolean {
      return this.#hasEnd && this.readableFlowing === null;
    }
  };
}

/** What is used of the class of sockets. */
type SocketClass = new (options: object) => Duplex & Pick<PassedSocket, 'bytesRead' | 'bytesWritten'>;
