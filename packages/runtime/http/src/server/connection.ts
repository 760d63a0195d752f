import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { PeerStream } from '../types.ts';
import { Deadlines } from './deadlines.ts';
import { Session, type Server } from './session.ts';

/** Ends TLS on a connection; undefined for a server without. */
export type Secure = ((connection: PeerStream) => Promise<TLSSocket | undefined>) | undefined;

/** One client, from its connection to its end: TLS first, and then requests. */
export class HttpConnection {
  readonly #server: Server;
  readonly #peer: PeerStream;
  readonly #onOver: () => void;
  readonly #deadlines: Deadlines;
  /** The peer's stream, or TLS on it. */
  #stream: Duplex;
  #session: Session | undefined;
  #isOver = false;

  constructor(server: Server, peer: PeerStream, onOver: () => void) {
    this.#server = server;
    this.#peer = peer;
    this.#onOver = onOver;
    this.#stream = peer;
    this.#deadlines = new Deadlines(server.now);
    peer.once('close', () => this.destroy());
    peer.on('error', () => undefined);
  }

  /** Rejects with what `secure` fails with. */
  async start(secure: Secure): Promise<void> {
    let secured: TLSSocket | undefined;
    if (secure !== undefined) {
      secured = await secure(this.#peer);
      if (secured === undefined) return this.destroy();
      this.#stream = secured;
      secured.on('error', () => undefined);
      secured.once('close', () => this.destroy());
      if (this.#isOver || secured.destroyed) return this.destroy();
    }
    this.#session = new Session(this.#server, {
      stream: this.#stream,
      secured,
      remoteAddress: this.#peer.remoteAddress,
      deadlines: this.#deadlines,
      destroy: () => this.destroy(),
    });
  }

  /** As `Deadlines.claimToGo`. */
  claimToGo(now: number): number | undefined {
    return this.#deadlines.claimToGo(now);
  }

  /** Ends the connection at once when there is no request, and otherwise after the answer. */
  drain(): void {
    if (this.#session === undefined) this.destroy();
    else this.#session.drain();
  }

  /** Enforces the timeouts; called regularly. */
  sweep(now: number): void {
    const overdue = this.#deadlines.overdue(now, this.#server.limits);
    if (overdue === undefined) return;
    if (overdue === 'destroy' || this.#session === undefined) this.destroy();
    else this.#session.timeOut(overdue);
  }

  destroy(): void {
    this.#stream.destroy();
    this.#peer.destroy();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#session?.close();
    this.#onOver();
  }
}
