import { MAX_STREAMS } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { StreamTable, type Frame } from '@enclos/gate';
import { RelayedStream } from './relayed-stream.ts';
import type { EnclaveRuntime } from '../runtime.ts';

/** The connections whose bytes the host relays through the gate. */
export class RelayedStreams {
  readonly #system: EnclaveRuntime['system'];
  readonly #table: StreamTable;
  readonly #freeNumber: () => number;
  /** Listeners that wait for the end of a stream. */
  readonly #waiting: (() => void)[] = [];

  /** @param freeNumber a number that no stream has */
  constructor({ system, sendStream }: Pick<EnclaveRuntime, 'system' | 'sendStream'>, freeNumber: () => number) {
    this.#system = system;
    this.#table = new StreamTable({ send: sendStream, answersStrangers: false });
    this.#freeNumber = freeNumber;
  }

  has(stream: number): boolean {
    return this.#table.has(stream);
  }

  /** @throws GATE_PROTOCOL_VIOLATION */
  received(frame: Frame): void {
    this.#table.received(frame);
  }

  async *listen(name: string, signal: AbortSignal | undefined): AsyncGenerator<RelayedStream, void, undefined> {
    const isOver = (): boolean => signal?.aborted ?? false;
    while (!isOver()) {
      await this.#room();
      try {
        const accept = (stream: number): Promise<string> =>
          this.#system.streamAccept({ listener: name, stream }, callOptions(signal));
        const stream = await this.#open(accept);
        // A stream that has already broken would not report it again.
        if (!stream.destroyed) yield stream;
      } catch (error) {
        // When the host is gone everything is over, which is not a failure of the code that serves connections.
        if (isOver() || (isEnclosError(error) && error.kind === 'lost')) return;
        throw error;
      }
    }
  }

  async connect(name: string, signal: AbortSignal | undefined): Promise<RelayedStream> {
    if (this.#table.size >= MAX_STREAMS) throw new EnclosError('STREAM_LIMIT');
    const stream = await this.#open(async (id) => {
      await this.#system.streamConnect({ destination: name, stream: id }, callOptions(signal));
      return '';
    });
    if (stream.destroyed) throw new EnclosError('STREAM_BROKEN');
    return stream;
  }

  /** Resolves when one more stream may be opened. */
  async #room(): Promise<void> {
    while (this.#table.size >= MAX_STREAMS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Numbers a stream and has it opened. When that fails the host is told anyway, because it may be opening one. */
  async #open(ask: (id: number) => Promise<string>): Promise<RelayedStream> {
    const id = this.#freeNumber();
    const stream = new RelayedStream((events) => this.#table.open(id, events, () => this.#waiting.shift()?.()));
    try {
      stream.arrived(await ask(id));
      return stream;
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }
}

export function callOptions(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
