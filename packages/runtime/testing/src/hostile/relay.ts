import { duplexPair, type Duplex } from 'node:stream';
import { systemInterface, type Interface } from '@enclos/edl';
import { encodeFrame, FrameDecoder, FrameKind, type Frame } from '@enclos/gate';
import { GateTable } from '@enclos/tee';
import type { Behaviour, HostAnswer } from './answer.ts';

/** How many results of one function are kept to be given again. */
const mostKept = 64;
const maxFrameBytes = 2 ** 30;
/** Calls of a flood have high numbers, which those of the host itself do not reach. All are odd, as the host numbers its calls. */
const firstFloodId = 0x4000_0001;

const empty = { table: 0, functionIndex: 0, parentCallId: 0, timeoutMs: 0, payload: new Uint8Array() };

export interface RelayOptions {
  readonly gate: Duplex;
  readonly definition: Interface;
  readonly behaviour: Behaviour;
  readonly random: (below: number) => number;
  /** Called for each answer that is not sent as the host gave it. */
  onLie(): void;
}

/** A call of the relay itself, and how it ended: `result`, the code of an error, or `lost`. */
export type FloodOutcome = string;

/** Stands between a host that behaves and its enclave, and lets a behaviour answer in place of the host. */
export class Relay {
  /** What the host gets as its end of the gate. */
  readonly hostSide: Duplex;
  readonly #options: RelayOptions;
  readonly #inside: Duplex;
  /** What the enclave has asked and not been answered, by the number of the call. */
  readonly #asked = new Map<number, string>();
  readonly #earlier = new Map<string, Uint8Array[]>();
  readonly #flood = new Map<number, (outcome: FloodOutcome) => void>();
  #nextFloodId = firstFloodId;
  #isOver = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    [this.hostSide, this.#inside] = duplexPair();
    const { gate } = options;
    this.#pump(gate, this.#inside, (frame) => this.#fromEnclave(frame));
    this.#pump(this.#inside, gate, (frame) => this.#fromHost(frame));
    // The ends of such a pair do not close each other.
    this.#inside.on('close', () => setImmediate(() => this.hostSide.destroy()));
    this.hostSide.on('close', () => this.#inside.destroy()).on('error', () => undefined);
    this.hostSide.pause();
    gate.resume();
  }

  /** Makes a call that the host does not know of. */
  call(functionIndex: number, payload: Uint8Array): Promise<FloodOutcome> {
    return new Promise((resolve) => {
      if (this.#isOver) return resolve('lost');
      const callId = this.#nextFloodId;
      this.#nextFloodId += 2;
      this.#flood.set(callId, resolve);
      this.#options.gate.write(encodeFrame({ ...empty, kind: FrameKind.CALL, functionIndex, callId, payload }));
    });
  }

  #pump(from: Duplex, to: Duplex, take: (frame: Frame) => void): void {
    const decoder = new FrameDecoder({ maxFrameBytes });
    from.on('data', (chunk: Uint8Array) => decoder.read(chunk, take));
    from.on('error', () => undefined);
    from.on('end', () => to.end());
    from.on('close', () => {
      this.#isOver = true;
      to.destroy();
      for (const settle of this.#flood.values()) settle('lost');
      this.#flood.clear();
    });
  }

  #fromEnclave(frame: Frame): void {
    const { kind, callId } = frame;
    if (kind === FrameKind.CALL) this.#asked.set(callId, this.#nameOf(frame));
    const settle = this.#flood.get(callId);
    if (settle !== undefined && isAnswer(frame)) {
      this.#flood.delete(callId);
      settle(kind === FrameKind.RETURN ? 'result' : codeOf(frame));
      return;
    }
    // The host does not know the calls of a flood, so it cannot take what is nested in one.
    const isOfFlood = frame.parentCallId >= firstFloodId;
    this.#inside.write(encodeFrame(kind === FrameKind.CALL && isOfFlood ? { ...frame, parentCallId: 0 } : frame));
  }

  #fromHost(frame: Frame): void {
    const { kind, callId } = frame;
    const name = this.#asked.get(callId);
    if (name === undefined || !isAnswer(frame)) {
      this.#options.gate.write(encodeFrame(frame));
      return;
    }
    this.#asked.delete(callId);
    void this.#answer(frame, { function: name, payload: frame.payload, isError: kind === FrameKind.THROW });
  }

  async #answer(frame: Frame, honest: HostAnswer): Promise<void> {
    const { behaviour, random, gate } = this.#options;
    const kept = this.#earlier.get(honest.function) ?? [];
    const earlier = [...kept];
    if (!honest.isError) {
      if (kept.length === mostKept) kept.shift();
      kept.push(honest.payload);
      this.#earlier.set(honest.function, kept);
    }
    const made = await behaviour(honest, { random, earlier });
    if (made !== honest) this.#options.onLie();
    if (made === undefined || this.#isOver) return;
    const kind = made.isError ? FrameKind.THROW : FrameKind.RETURN;
    gate.write(encodeFrame({ ...frame, kind, payload: made.payload }));
  }

  #nameOf({ table, functionIndex }: Frame): string {
    const { untrusted } = table === GateTable.system ? systemInterface : this.#options.definition;
    return Object.keys(untrusted)[functionIndex] ?? '';
  }
}

function isAnswer({ kind }: Frame): boolean {
  return kind === FrameKind.RETURN || kind === FrameKind.THROW;
}

/** The code in an error: two bytes of length, then the code (see `throwPayload`). */
function codeOf({ payload }: Frame): string {
  const [low = 0, high = 0] = payload;
  return Buffer.from(payload.subarray(2, 2 + low + 256 * high)).toString('latin1');
}
