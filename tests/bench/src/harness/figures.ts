/** One measured line: ours, what it was measured against in the same run, and the bound that it has to keep. */
export interface Figure {
  readonly what: string;
  readonly ours: string;
  readonly peer?: string;
  /** How the two relate, in words or as a number. */
  readonly ratio?: string;
  readonly bound?: Bound;
  /** One of so many that only the terminal shows it, and not docs/performance.md. */
  readonly isDetail?: true;
}

export interface Bound {
  readonly text: string;
  readonly met: boolean;
}

export const atMost = (limit: number, value: number, unit = ''): Bound => ({
  text: `at most ${limit}${unit}`,
  met: value <= limit,
});

export const atLeast = (limit: number, value: number): Bound => ({ text: `at least ${limit}`, met: value >= limit });

const verdictOf = (bound: Bound | undefined): string =>
  bound === undefined ? '' : `${bound.text}: ${bound.met ? 'met' : 'NOT met'}`;

/** What a run of benchmarks came to, and why what failed did. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  /** A sentence each. */
  readonly problems: readonly string[];
}

/**
 * A figure with a bound passes when that is met. A figure without one only has to be there: what could not be measured is
 * NaN, or infinite where nothing was counted, and fails.
 */
export function totalsOf(figures: readonly Figure[]): Totals {
  const problems = figures.flatMap(({ what, ours, peer = '', ratio = '', bound }) => {
    if ([ours, peer, ratio].some((text) => /NaN|Infinity/.test(text))) return [`${what}: this could not be measured.`];
    return bound === undefined || bound.met ? [] : [`${what}: ${bound.text} is not met.`];
  });
  const bounds = figures.filter(({ bound }) => bound !== undefined).length;
  return { passed: Math.max(0, bounds - problems.length), failed: problems.length, problems };
}

/** For a terminal. */
export function lineOf({ what, ours, peer = '', ratio = '', bound }: Figure): string {
  return [what.padEnd(58), ours.padStart(16), peer.padStart(16), ratio.padStart(8), `  ${verdictOf(bound)}`]
    .join(' ')
    .trimEnd();
}

/** For docs/performance.md. */
export function tableOf(figures: readonly Figure[]): string {
  const shown = figures.filter(({ isDetail }) => isDetail !== true);
  const rows = shown.map(({ what, ours, peer = '', ratio = '', bound }) => [what, ours, peer, ratio, verdictOf(bound)]);
  return [['what', 'ours', 'peer', 'ratio', 'bound'], ['---', '---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
