/** How much an enclave may put into the host's log. */
export interface LogLimits {
  /** Bytes of records in the long run. Default 64 KiB a second. */
  readonly bytesPerSecond: number;
  /** Bytes of records at once. Default 256 KiB. */
  readonly burstBytes: number;
}

export const defaultLogLimits: LogLimits = Object.freeze({ bytesPerSecond: 65_536, burstBytes: 262_144 });

/** What a record costs beside its text: time, level, names. */
const recordBytes = 256;

/**
 * What an enclave causes in the host's log, in bytes: a token bucket. It is the
 * enclave that decides how much it says, so somebody else has to.
 */
export class LogBudget {
  readonly #limits: LogLimits;
  readonly #nowMs: () => number;
  #bytes: number;
  #filledAtMs: number;
  #dropped = 0;

  constructor(limits: LogLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#bytes = limits.burstBytes;
    this.#filledAtMs = nowMs();
  }

  /** True when a record with a text of this length may be kept. When not, it is counted. */
  take(textBytes: number): boolean {
    const nowMs = this.#nowMs();
    const { bytesPerSecond, burstBytes } = this.#limits;
    const gained = (Math.max(0, nowMs - this.#filledAtMs) * bytesPerSecond) / 1000;
    this.#bytes = Math.min(burstBytes, this.#bytes + gained);
    this.#filledAtMs = nowMs;
    const costBytes = textBytes + recordBytes;
    if (costBytes > this.#bytes) {
      this.#dropped += 1;
      return false;
    }
    this.#bytes -= costBytes;
    return true;
  }

  /** How many were not kept since this was asked last. */
  takeDropped(): number {
    const count = this.#dropped;
    this.#dropped = 0;
    return count;
  }
}
