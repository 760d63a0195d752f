import type { Socket } from 'node:net';
import { EnclosError } from '@enclos/errors';
import { MAX_STREAM_CHUNK_BYTES, type StreamEvents, type StreamPort } from '@enclos/gate';

/**
 * A stream of the enclave at its host: first a connection that is waited for,
 * then the socket. It passes on as much as the other end takes and keeps one
 * piece of the socket's; the kernel keeps the rest.
 */
export class HostStream {
  readonly #port: StreamPort;
  /** Ends the waiting for a connection. */
  readonly #waiting = new AbortController();
  #socket: Socket | undefined;
  /** Read, and not yet passed on. */
  #held: Buffer | undefined;
  /** What became of the socket, and what the enclave was told of it. */
  readonly #state = { hasEnded: false, saidEnd: false, isOver: false, isUnwanted: false };
  /** What the socket keeps is not used yet. */
  readonly #grant = (): void => this.#port.grant(this.#socket?.writableLength ?? 0);

  constructor(open: (events: StreamEvents) => StreamPort) {
    this.#port = open({
      data: (bytes) => this.#write(bytes),
      room: () => this.#passOn(),
      ended: () => void this.#opened().end(),
      closed: () => this.#closed(),
    });
  }

  /** @throws what `connect` throws; GATE_CANCELLED by itself when the enclave has given the stream up. */
  async begin(signal: AbortSignal, connect: (signal: AbortSignal) => Promise<Socket>): Promise<Socket> {
    const socket = await connect(AbortSignal.any([signal, this.#waiting.signal]));
    if (!this.#waiting.signal.aborted) return this.#relay(socket);
    socket.destroy();
    throw new EnclosError('GATE_CANCELLED');
  }

  /** Drops the connection, or the waiting for it. */
  destroy(): void {
    this.#waiting.abort();
    this.#socket?.destroy();
  }

  #relay(socket: Socket): Socket {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('drain', this.#grant);
    socket.on('end', () => {
      this.#state.hasEnded = true;
      this.#passOn();
    });
    socket.on('close', (isBroken) => {
      this.#state.isOver = true;
      if (isBroken) this.#held = undefined;
      this.#passOn();
    });
    return socket.resume();
  }

  /** What there is no room for is kept, as a copy, and the socket waits until it is gone. */
  #read(bytes: Uint8Array): void {
    if (this.#state.isUnwanted) return;
    const sentBytes = this.#held === undefined ? this.#port.send(bytes) : 0;
    if (sentBytes === bytes.length) return;
    const rest = bytes.subarray(sentBytes);
    this.#held = Buffer.concat(this.#held === undefined ? [rest] : [this.#held, rest]);
    this.#socket?.pause();
  }

  #passOn(): void {
    const held = this.#held;
    if (held !== undefined) {
      const sentBytes = this.#port.send(held);
      this.#held = sentBytes < held.length ? held.subarray(sentBytes) : undefined;
      if (this.#held !== undefined) return;
    }
    const { hasEnded, saidEnd, isOver } = this.#state;
    if (hasEnded && !saidEnd) {
      this.#state.saidEnd = true;
      this.#port.end();
    }
    if (isOver) this.#port.close();
    else if (this.#socket?.isPaused() === true) this.#socket.resume();
  }

  /** A socket that is gone takes them as well: its close is on the way to the enclave. */
  #write(bytes: Uint8Array): void {
    const socket = this.#opened();
    if (socket.writable) writeLent(socket, bytes, this.#grant);
    this.#grant();
  }

  #closed(): void {
    this.#state.isUnwanted = true;
    this.#held = undefined;
    const socket = this.#socket;
    // Only then: the signal goes on to destroy a socket that was connected with it, and what waits in it.
    if (socket === undefined) this.#waiting.abort();
    if (socket === undefined || this.#state.isOver) return this.#port.close();
    socket.resume();
    // What was written before an end is still delivered.
    if (this.#port.isEnded) socket.destroySoon();
    else socket.destroy();
  }

  /** @throws GATE_PROTOCOL_VIOLATION */
  #opened(): Socket {
    if (this.#socket !== undefined) return this.#socket;
    throw new EnclosError('GATE_PROTOCOL_VIOLATION', 'The enclave used a stream that is not open yet.');
  }
}

/** What sockets write from, all of them, as long as the kernel takes all at once. */
let buffer = Buffer.allocUnsafeSlow(MAX_STREAM_CHUNK_BYTES);

/**
 * Writes bytes that change when this returns. Fresh memory for each piece costs more than to copy it: for large ones
 * the collector of garbage took half of the host's time.
 */
function writeLent(socket: Socket, bytes: Uint8Array, written: () => void): void {
  // Told of each: `drain` does not come for less than a socket's mark, and small pieces fill a window with less.
  if (socket.writableLength > 0) return void socket.write(new Uint8Array(bytes), written);
  buffer.set(bytes);
  socket.write(buffer.subarray(0, bytes.length));
  // The kernel has not taken all of it, and the rest is written from there.
  if (socket.writableLength > 0) buffer = Buffer.allocUnsafeSlow(MAX_STREAM_CHUNK_BYTES);
}
