/** The time of a server: elapsed time only, and one timer for all connections. */
export interface HttpClock {
  /** Milliseconds that only go up. */
  now(): number;
  /** Runs the function about this often. @returns a function that stops it. */
  every(intervalMs: number, run: () => void): () => void;
}

export const processClock: HttpClock = Object.freeze({
  now: () => performance.now(),
  every(intervalMs: number, run: () => void) {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
});
