import { EnclosError } from '@enclos/errors';
import { FrameDecoder } from './frame/frame-decoder.ts';
import type { Frame, FrameHeader } from './frame/frames.ts';
import type { GateLimits, Timers } from './limits.ts';
import type { Transport } from './transport/transport.ts';

export interface ReceiverOptions {
  readonly transport: Transport;
  readonly limits: Required<GateLimits>;
  readonly timers: Timers;
  readonly memoryFor?: ((sizeBytes: number) => Uint8Array) | undefined;
  /** Sees the header of each frame before its payload is kept. It may throw; nothing is read after that. */
  readonly header: (header: FrameHeader, payloadBytes: number) => void;
  /** It may throw; nothing is read after that. */
  readonly frame: (frame: Frame) => void;
  readonly failed: (error: unknown) => void;
}

/** The reading side: cuts chunks into frames, and limits the time that a frame may take. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #decoder: FrameDecoder;
  #timer: unknown;
  /** The unfinished frame that is being timed, or 0. */
  #timedFrame = 0;
  #paused = false;
  #stopped = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#decoder = new FrameDecoder({
      maxFrameBytes: options.limits.maxFrameBytes,
      memoryFor: options.memoryFor,
      checkHeader: (header, payloadBytes) => {
        if (!this.#stopped) options.header(header, payloadBytes);
      },
    });
  }

  data(chunk: Uint8Array): void {
    if (this.#stopped) return;
    try {
      this.#decoder.read(chunk, (frame) => {
        if (!this.#stopped) this.#options.frame(frame);
      });
    } catch (error) {
      this.stop();
      this.#options.failed(error);
    }
    this.#updateTimer();
  }

  room(): Uint8Array | undefined {
    return this.#stopped ? undefined : this.#decoder.room();
  }

  /** Stops or starts reading. A paused frame is not timed, because the delay is ours. */
  pause(value: boolean): void {
    if (this.#stopped) return;
    this.#paused = value;
    if (value) this.#options.transport.pause();
    else this.#options.transport.resume();
    this.#updateTimer();
  }

  /** Everything that arrives from now on is ignored. */
  stop(): void {
    this.#stopped = true;
    this.#updateTimer();
  }

  #updateTimer(): void {
    const frame = this.#stopped || this.#paused ? 0 : this.#decoder.unfinishedFrame;
    if (frame === this.#timedFrame) return;
    const { timers, limits, failed } = this.#options;
    if (this.#timedFrame !== 0) timers.clearTimeout(this.#timer);
    this.#timedFrame = frame;
    if (frame === 0) return;
    this.#timer = timers.setTimeout(() => {
      this.stop();
      failed(new EnclosError('GATE_FRAME_TIMEOUT', `A frame was not finished within ${limits.frameTimeoutMs} ms.`));
    }, limits.frameTimeoutMs);
  }
}
