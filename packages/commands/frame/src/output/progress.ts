import { createPrinter } from '@enclos/command-line';
import type { Io } from './io.ts';

/** Shows on standard error that long work is in progress. */
export interface Progress {
  /** Runs `work`. After a second, a line says so, with a percentage if `work` reports one. */
  during<T>(label: string, work: (report: (fraction: number) => void) => Promise<T>): Promise<T>;
}

/** Faster work stays silent. */
const quietMs = 1000;
const terminalIntervalMs = 100;
/** A log file needs a sign of life, not every step. */
const logIntervalMs = 10_000;

/** Moves to the start of the line and clears it. */
const rewrite = '\r\u001B[K';

export function createProgress(io: Io): Progress {
  return Object.freeze({
    async during<T>(label: string, work: (report: (fraction: number) => void) => Promise<T>): Promise<T> {
      const line = createLine(io, label);
      const timer = setTimeout(() => line.show(undefined), quietMs);
      try {
        return await work((fraction) => line.show(fraction));
      } finally {
        clearTimeout(timer);
        line.clear();
      }
    },
  });
}

function createLine({ stderr, now }: Io, label: string): { show(fraction: number | undefined): void; clear(): void } {
  const { paint } = createPrinter(stderr);
  const startMs = now().getTime();
  let nextMs = startMs + quietMs;
  let shown = false;
  return {
    show(fraction) {
      const nowMs = now().getTime();
      // The timer shows the line for work that reports nothing.
      if (fraction === undefined ? shown : nowMs < nextMs) return;
      nextMs = nowMs + (stderr.isTTY ? terminalIntervalMs : logIntervalMs);
      const text = paint('dim', fraction === undefined ? `${label} …` : `${label} ${Math.floor(fraction * 100)} % …`);
      stderr.write(stderr.isTTY ? `${rewrite}${text}` : `${text}\n`);
      shown = true;
    },
    clear() {
      if (shown && stderr.isTTY) stderr.write(rewrite);
    },
  };
}
