/** Milliseconds of one run of `work`. */
export async function time(work: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** The value below which the given share of the samples lies. */
function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

export interface Pair {
  readonly ours: number;
  readonly peer: number;
  /** Median of the ratios of the interleaved repeats. */
  readonly ratio: number;
}

/** Runs the two in turn, so that a slower moment of the machine meets both. */
export async function interleave(
  repeats: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<Pair> {
  const pairs: [number, number][] = [];
  for (let i = 0; i < repeats; i++) pairs.push([await ours(), await peer()]);
  return {
    ours: median(pairs.map(([value]) => value)),
    peer: median(pairs.map(([, value]) => value)),
    ratio: median(pairs.map(([a, b]) => a / b)),
  };
}

export function report(what: string, value: string, against = ''): void {
  process.stdout.write(`${what.padEnd(44)} ${value.padStart(16)}   ${against}\n`);
}
