import type { Socket } from 'node:net';
import { MAX_STREAMS } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { StreamTable, type Frame, type SendStream } from '@enclos/gate';
import { HostStream } from './host-stream.ts';

/** The streams whose bytes this host relays, by the enclave's numbers for them. */
export class RelayedStreams {
  #sendByGate: SendStream = () => undefined;
  readonly #table = new StreamTable({
    send: (frame, isRefusal, taken) => this.#sendByGate(frame, isRefusal, taken),
    answersStrangers: true,
  });
  readonly #streams = new Map<number, HostStream>();
  #isClosed = false;

  /** @returns what takes the frames of the enclave */
  start(send: SendStream): (frame: Frame) => void {
    this.#sendByGate = send;
    return (frame) => this.#table.received(frame);
  }

  has(stream: number): boolean {
    return this.#table.has(stream);
  }

  /** @param stream a number that is not in use @throws STREAM_BROKEN, STREAM_LIMIT, and what `begin` throws */
  open(stream: number, signal: AbortSignal, begin: (signal: AbortSignal) => Promise<Socket>): Promise<Socket> {
    if (this.#isClosed) throw new EnclosError('STREAM_BROKEN');
    if (this.#table.size >= MAX_STREAMS) {
      throw new EnclosError('STREAM_LIMIT', `${MAX_STREAMS} streams are open, no more are allowed.`);
    }
    const opened = new HostStream((events) =>
      this.#table.open(stream, events, () => void this.#streams.delete(stream)),
    );
    this.#streams.set(stream, opened);
    return opened.begin(signal, begin);
  }

  close(): void {
    this.#isClosed = true;
    for (const stream of this.#streams.values()) stream.destroy();
  }
}
