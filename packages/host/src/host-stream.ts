import type { Socket } from 'node:net';
import { EnclosError } from '@enclos/errors';
import type { StreamEvents, StreamPort } from '@enclos/gate';

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
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** What became of the socket, and what the enclave was told of it. */
  readonly #state = { hasEnded: false, saidEnd: false, isOver: false, isUnwanted: false };
  readonly #pass = (): void => this.#passOn();

  constructor(open: (events: StreamEvents) => StreamPort) {
    this.#port = open({
      data: (bytes) => this.#write(bytes),
      room: this.#pass,
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
    socket.on('data', (bytes: Buffer) => {
      if (this.#state.isUnwanted) return;
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
      if (this.#heldBytes > this.#port.room) socket.pause();
      afterGathering(this.#pass);
    });
    socket.on('drain', () => this.#port.grant(socket.writableLength));
    socket.on('end', () => {
      this.#state.hasEnded = true;
      afterGathering(this.#pass);
    });
    socket.on('close', (isBroken) => {
      this.#state.isOver = true;
      if (isBroken) this.#held = [];
      afterGathering(this.#pass);
    });
    return socket.resume();
  }

  #passOn(): void {
    for (let piece = this.#held[0]; piece !== undefined; piece = this.#held[0]) {
      const sentBytes = this.#port.send(piece);
      this.#heldBytes -= sentBytes;
      if (sentBytes < piece.length) {
        this.#held[0] = piece.subarray(sentBytes);
        return;
      }
      this.#held.shift();
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
    if (socket.writable) socket.write(bytes);
    this.#port.grant(socket.writableLength);
  }

  #closed(): void {
    this.#state.isUnwanted = true;
    this.#held = [];
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

let waiting = new Set<() => void>();
/** How often the sockets are looked at before what they gave is passed on: under load each turn finds some more. */
const turnsToGather = 3;

/** Runs the work once, when all sockets that have something have said so: what they say then crosses together. */
function afterGathering(work: () => void): void {
  if (waiting.size === 0) afterTurns(turnsToGather, workOff);
  waiting.add(work);
}

function workOff(): void {
  const all = waiting;
  waiting = new Set();
  for (const each of all) each();
}

function afterTurns(count: number, work: () => void): void {
  setImmediate(() => (count > 1 ? afterTurns(count - 1, work) : work()));
}
