import { systemReason } from '@enclos/diagnostics';
import { isEnclosError } from '@enclos/errors';

/** What the host's log says of a destination that cannot be reached. */
export interface UnreachableDestination {
  /** Its name in the manifest. */
  readonly destination: string;
  readonly reason: string;
}

/** The same is not said more often. */
const quietMs = 60_000;

/**
 * Says once of each destination and reason that it cannot be reached, and again when it was reached in between, at most once a minute.
 * The enclave decides how often it tries, so each attempt must not be a line.
 */
export class UnreachableDestinations {
  readonly #tell: (unreachable: UnreachableDestination) => void;
  readonly #nowMs: () => number;
  /** When each was told: by destination, then by reason. Both are few: the manifest's names, and errors of the system. */
  readonly #told = new Map<string, Map<string, number>>();

  constructor(tell: (unreachable: UnreachableDestination) => void, nowMs: () => number) {
    this.#tell = tell;
    this.#nowMs = nowMs;
  }

  /**
   * Watches one attempt.
   * @param signal of the enclave, which may give it up: that is not a failure
   * @throws what `attempt` rejects with
   */
  async watch<T>(destination: string, signal: AbortSignal, attempt: Promise<T>): Promise<T> {
    try {
      const reached = await attempt;
      this.#reached(destination);
      return reached;
    } catch (error) {
      if (!signal.aborted) this.#failed(destination, reasonOf(error));
      throw error;
    }
  }

  #reached(destination: string): void {
    const told = this.#told.get(destination);
    if (told === undefined) return;
    for (const [reason, atMs] of told) if (this.#nowMs() - atMs >= quietMs) told.delete(reason);
  }

  #failed(destination: string, reason: string): void {
    const told = this.#told.get(destination) ?? new Map<string, number>();
    this.#told.set(destination, told);
    if (told.has(reason)) return;
    told.set(reason, this.#nowMs());
    this.#tell({ destination, reason });
  }
}

/** The error of the system is the cause of ours. Where a name has several addresses, each failed, and the first says why (net.connect). */
function reasonOf(error: unknown): string {
  const cause = isEnclosError(error) ? error.cause : error;
  const several: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [];
  const first = several[0] ?? cause;
  const code = first instanceof Error && 'code' in first ? String(first.code) : 'no reason is known';
  return systemReason(first) ?? code;
}
