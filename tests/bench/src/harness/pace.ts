import { median } from './statistics.ts';

/** Processor time of {@link work} on the machine of docs/performance.md. */
const expectedMs = 5;
const rounds = 9;

/**
 * How much slower this machine runs plain JavaScript than the one that the absolute bounds were set on: 1 for one that is as fast
 * or faster. A bound in milliseconds, times this, says the same of the code on both.
 */
export function paceOfMachine(): number {
  const samples: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = processorMs();
    work();
    // The first round warms up.
    if (round > 0) samples.push(processorMs() - start);
  }
  return Math.max(1, median(samples) / expectedMs);
}

/** Processor time of this process, in which the collector of garbage is counted and other processes are not. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const items = 8000;

/** Always the same: objects, texts, a map by text and an order, which is what an evaluator of policies spends its time on. */
function work(): void {
  const found = new Map<string, { readonly name: string; readonly values: readonly number[] }>();
  for (let item = 0; item < items; item++) {
    const name = `claim-${(item * 7919) % items}`;
    found.set(name, { name, values: [item, item % 17, item % 31] });
  }
  const sorted = [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  const text = JSON.stringify(sorted);
  const read = JSON.parse(text) as typeof sorted;
  const sum = read.reduce((total, { name, values }) => total + name.length + values.reduce((a, b) => a + b, 0), 0);
  if (!Number.isSafeInteger(sum)) throw new Error('The work was not done.');
}
