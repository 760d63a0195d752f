/** Milliseconds of one run of `work`. */
export async function time(work: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** @param share such as 0.99. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

/** The median duration of one call, in microseconds, of `count` calls one after the other. */
export async function medianCallMicros(count: number, call: () => Promise<unknown>): Promise<number> {
  const samples = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await call();
    samples[i] = performance.now() - start;
  }
  return median([...samples]) * 1000;
}

/** Calls a second, with `width` of them under way at any time. */
export async function callsPerSecond(total: number, width: number, call: () => Promise<unknown>): Promise<number> {
  let left = total;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  const milliseconds = await time(async () => Promise.all(Array.from({ length: width }, lane)));
  return total / (milliseconds / 1000);
}

export interface Comparison {
  readonly ours: number;
  readonly peer: number;
  /** Median of the ratios of neighbours. */
  readonly ratio: number;
}

/** Runs the two in turn, so that a slower moment of the machine meets both. One round before warms up. */
export async function interleave(
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<Comparison> {
  const pairs: [number, number][] = [];
  for (let i = 0; i <= rounds; i++) {
    const pair: [number, number] = [await ours(), await peer()];
    if (i > 0) pairs.push(pair);
  }
  return {
    ours: median(pairs.map(([value]) => value)),
    peer: median(pairs.map(([, value]) => value)),
    ratio: median(pairs.map(([a, b]) => a / b)),
  };
}
