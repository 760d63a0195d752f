import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { systemInterface, createCaller, type Caller } from '@enclos/edl';
import { StreamTable, type Frame, type SendStream, type StreamPort } from '@enclos/gate';
import type { HostServices } from '../src/services/services.ts';

/** What an enclave could ask the host for, whatever the trusted runtime would ask. */
export type Asked = Caller<(typeof systemInterface)['untrusted']>;

/** The enclave's end of a stream, which reads only when it is told to. */
export class PeerStream extends EventEmitter {
  readonly id: number;
  readonly port: StreamPort;
  isEnded = false;
  isClosed = false;
  isForgotten = false;
  #received: Uint8Array[] = [];

  constructor(table: StreamTable, id: number) {
    super();
    this.id = id;
    this.port = table.open(
      id,
      {
        data: (bytes) => {
          this.#received.push(Uint8Array.from(bytes));
          this.emit('moved');
        },
        room: () => this.emit('moved'),
        ended: () => {
          this.isEnded = true;
          this.emit('moved');
        },
        closed: () => {
          this.isClosed = true;
          this.emit('moved');
        },
      },
      () => {
        this.isForgotten = true;
        this.emit('moved');
      },
    );
  }

  get unreadBytes(): number {
    return this.#received.reduce((sum, { length }) => sum + length, 0);
  }

  /** All that is there, as soon as there is something. */
  async read(): Promise<Buffer> {
    await this.until(() => this.unreadBytes > 0);
    const all = Buffer.concat(this.#received);
    this.#received = [];
    this.port.grant(0);
    return all;
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this, 'moved');
  }
}

/** An enclave that speaks to the host's services, by calls and by frames that cross later, as through a gate. */
export class Peer {
  readonly #services: HostServices;
  readonly #table: StreamTable;
  /** What the host did not allow: it ends the gate. */
  readonly violations: unknown[] = [];
  /** Every frame of the host. */
  readonly frames: Frame[] = [];
  readonly send: (frame: Frame) => void;
  /** The end of the enclave, as far as the passage is the reason. */
  readonly ends = {
    violated: (error: unknown) => void this.violations.push(error),
    lost: () => void (this.isLost = true),
  };
  isLost = false;

  constructor(services: HostServices) {
    this.#services = services;
    const received = services.streams.connect((lent, _isRefusal, taken) => {
      const frame = { ...lent, payload: Uint8Array.from(lent.payload) };
      this.frames.push(frame);
      taken?.();
      queueMicrotask(() => this.#guarded(() => this.#table.received(frame)));
    }, this.ends);
    this.send = (frame) => queueMicrotask(() => this.#guarded(() => received(frame)));
    const send: SendStream = (frame, _isRefusal, taken) => {
      this.send(frame);
      taken?.();
    };
    this.#table = new StreamTable({ send, answersStrangers: false });
  }

  /** Calls as the gate carries them out: an abort of `signal` is the end of the caller's waiting. */
  asked(signal = new AbortController().signal): Asked {
    return createCaller(systemInterface.untrusted, async ({ index, payload }) =>
      this.#services.dispatch(index, payload, { signal }),
    );
  }

  /** As the trusted runtime does: the port is there before the host is asked, and closed when that fails. */
  async open(id: number, ask: (asked: Asked) => Promise<unknown>, signal?: AbortSignal): Promise<PeerStream> {
    const stream = new PeerStream(this.#table, id);
    try {
      await ask(this.asked(signal));
      return stream;
    } catch (error) {
      stream.port.close();
      throw error;
    }
  }

  accept(id: number, listener = 'web', signal?: AbortSignal): Promise<PeerStream> {
    return this.open(id, (asked) => asked.streamAccept({ listener, stream: id }), signal);
  }

  connect(id: number, destination = 'database'): Promise<PeerStream> {
    return this.open(id, (asked) => asked.streamConnect({ destination, stream: id }));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.violations.push(error);
    }
  }
}
