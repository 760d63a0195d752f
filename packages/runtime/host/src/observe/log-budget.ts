/** How much an enclave may put into the host's log. */
export interface LogLimits {
  /** Long-term average of bytes of records. Default 64 KiB a second. */
  readonly bytesPerSecond: number;
  /** Bytes of records at once. Default 256 KiB. */
  readonly burstBytes: number;
}

export const defaultLogLimits: LogLimits = Object.freeze({ bytesPerSecond: 65_536, burstBytes: 262_144 });

/** What a record costs besides its text: time, level, names. */
const recordBytes = 256;

/**
 * A token bucket for the bytes that an enclave causes in the host's log. The enclave decides how much it writes, so the host
 * must bound it.
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

  /** True when a record with a text of this length may be kept. Otherwise the record is counted as dropped. */
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

  /** The number of records dropped since the last call. */
  takeDropped(): number {
    const count = this.#dropped;
    this.#dropped = 0;
    return count;
  }
}
