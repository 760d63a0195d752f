import type { Socket } from 'node:net';
import { EnclosError } from '@enclos/errors';
import { MAX_STREAM_CHUNK_BYTES, type StreamEvents, type StreamPort } from '@enclos/gate';

/**
 * A stream of the enclave at its host: first a pending connection, then the socket. It passes on as much as the other end
 * takes, and holds one piece from the socket; the kernel holds the rest.
 */
export class HostStream {
  readonly #port: StreamPort;
  /** Ends the waiting for a connection. */
  readonly #waiting = new AbortController();
  #socket: Socket | undefined;
  /** Bytes that were read and not yet passed on. */
  #held: Buffer | undefined;
  /** The state of the socket, and what the enclave was told about it. */
  readonly #state = { hasEnded: false, saidEnd: false, isOver: false, isUnwanted: false };
  /** Bytes that the socket still holds are not used yet. */
  readonly #grant = (): void => this.#port.grant(this.#socket?.writableLength ?? 0);

  constructor(open: (events: StreamEvents) => StreamPort) {
    this.#port = open({
      data: (bytes) => this.#write(bytes),
      room: () => this.#passOn(),
      ended: () => void this.#opened().end(),
      closed: () => this.#closed(),
    });
  }

  /** @throws what `connect` throws; GATE_CANCELLED when the enclave has given up the stream. */
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

  /** Bytes without room are kept as a copy, and the socket waits until they are gone. */
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

  /** A closed socket also takes them: the enclave is about to learn that it closed. */
  #write(bytes: Uint8Array): void {
    const socket = this.#opened();
    if (socket.writable) writeLent(socket, bytes, this.#grant);
    this.#grant();
  }

  #closed(): void {
    this.#state.isUnwanted = true;
    this.#held = undefined;
    const socket = this.#socket;
    // Not after the connection: the signal would also destroy a socket that was connected with it, and its waiting bytes.
    if (socket === undefined) this.#waiting.abort();
    if (socket === undefined || this.#state.isOver) return this.#port.close();
    socket.resume();
    // Bytes written before an end are still delivered.
    if (this.#port.isEnded) socket.destroySoon();
    else socket.destroy();
  }

  /** @throws GATE_PROTOCOL_VIOLATION */
  #opened(): Socket {
    if (this.#socket !== undefined) return this.#socket;
    throw new EnclosError('GATE_PROTOCOL_VIOLATION', 'The enclave used a stream that is not open yet.');
  }
}

/** The buffer from which all sockets write, as long as the kernel takes everything at once. */
let buffer = Buffer.allocUnsafeSlow(MAX_STREAM_CHUNK_BYTES);

/**
 * Writes bytes that are only valid until this returns. Allocating for each piece costs more than copying it: for large pieces
 * garbage collection took half of the host's time.
 */
function writeLent(socket: Socket, bytes: Uint8Array, written: () => void): void {
  // Reported for each write: `drain` is not emitted below a socket's high-water mark, and small pieces fill a window with less.
  if (socket.writableLength > 0) return void socket.write(new Uint8Array(bytes), written);
  buffer.set(bytes);
  socket.write(buffer.subarray(0, bytes.length));
  // The kernel has not taken everything, and the rest is still written from this buffer.
  if (socket.writableLength > 0) buffer = Buffer.allocUnsafeSlow(MAX_STREAM_CHUNK_BYTES);
}
