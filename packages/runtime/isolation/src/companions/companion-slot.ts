import type { CompanionFrame } from '@enclos/tee/companions';
import type { EnclaveExit } from '@enclos/tee';

/** A process that runs. */
export interface SlotChild {
  readonly exited: Promise<EnclaveExit>;
  kill(): void;
}

/** What a slot needs of its platform. */
export interface SlotEvents<C extends SlotChild> {
  /** Starts a process. @throws when it cannot be started now */
  readonly start: (frame: CompanionFrame) => Promise<C>;
  /** It runs: its channel is given to the enclave. @returns when the enclave has it; rejects when it cannot have it */
  readonly started: (frame: CompanionFrame, child: C) => Promise<void>;
  readonly ended: (frame: CompanionFrame, exit: EnclaveExit) => void;
  /** It could not be started. */
  readonly failed: (frame: CompanionFrame, error: unknown) => void;
}

/** A process that ran for so long was well: the next starts at once. */
const wellMs = 10_000;
const firstDelayMs = 250;
const longestDelayMs = 30_000;

/** How long the next process waits. @param failures processes in a row that ended early */
export function restartDelayMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 16));
}

/** One process of a companion after the other. */
export class CompanionSlot<C extends SlotChild = SlotChild> {
  readonly #place: Pick<CompanionFrame, 'companion' | 'number'>;
  readonly #events: SlotEvents<C>;
  readonly #nowMs: () => number;
  #generation = 0;
  #failures = 0;
  #child: C | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(
    place: Pick<CompanionFrame, 'companion' | 'number'>,
    events: SlotEvents<C>,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#place = place;
    this.#events = events;
    this.#nowMs = nowMs;
    this.#begin();
  }

  /** Ends the process of this generation, if it runs. */
  end(generation: number): void {
    if (generation === this.#generation) this.#child?.kill();
  }

  /** Ends it for good. Resolves when it is gone. */
  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#child?.kill();
    return this.#running;
  }

  #begin(): void {
    this.#generation += 1;
    this.#running = this.#run({ ...this.#place, generation: this.#generation });
  }

  async #run(frame: CompanionFrame): Promise<void> {
    const beganMs = this.#nowMs();
    try {
      const child = await this.#events.start(frame);
      this.#child = child;
      // The enclave may have ended meanwhile.
      if (this.#isClosed) child.kill();
      else this.#events.started(frame, child).catch(() => child.kill());
      this.#events.ended(frame, await child.exited);
    } catch (error) {
      this.#events.failed(frame, error);
    }
    this.#child = undefined;
    if (this.#isClosed) return;
    this.#failures = this.#nowMs() - beganMs >= wellMs ? 0 : this.#failures + 1;
    this.#timer = setTimeout(() => this.#begin(), restartDelayMs(this.#failures));
  }
}
