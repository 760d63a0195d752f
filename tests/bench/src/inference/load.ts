import { atLeast, atMost, type Figure } from '../harness/figures.ts';
import { median, percentile } from '../harness/statistics.ts';
import { convolutions, slowConvolutions } from './models.ts';
import type { InferenceClientProcess } from './servers.ts';

const rounds = 7;
/** Requests of a round, and how many of them at once: more than there are engines, so that none waits for a client. */
const throughput = { calls: 160, width: 6, least: 0.95 };
const health = { calls: 400, width: 4, mostMs: 10 };

/**
 * What is left of the rate of the same engines without an enclave, for a model of some milliseconds, and how long the service takes to
 * answer for its health while its engines compute as much as they can.
 */
export async function benchLoad(
  client: InferenceClientProcess,
  other: InferenceClientProcess,
): Promise<readonly Figure[]> {
  const { model, what } = convolutions();
  const { calls, width, least } = throughput;
  const rates: { readonly inside: number; readonly outside: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const inside = await client.number({ do: 'rate', way: 'plain', model, calls, width });
    const outside = await client.number({ do: 'rate', way: 'others', model, calls, width });
    // The first round warms up.
    if (round > 0) rates.push({ inside, outside });
  }
  const ratio = median(rates.map(({ inside, outside }) => inside / outside));
  const slow = slowConvolutions();
  const alone = await client.number({ do: 'median', way: 'plain', model: slow.model, calls: 5 });
  await other.ask({ do: 'press', way: 'plain', model: slow.model, width: health.width });
  const each: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    // The client answers with the milliseconds of each.
    const asked = (await client.ask({ do: 'health', calls: health.calls })) as readonly number[];
    // The first round warms up.
    if (round > 0) each.push(...asked);
  }
  await other.ask({ do: 'health', calls: 1 });
  const p99 = percentile(each, 0.99);
  return [
    {
      what: `${what}, ${width} requests at once: runs a second; peer outside, as many engines`,
      ours: `${median(rates.map(({ inside }) => inside)).toFixed(1)} /s`,
      peer: `${median(rates.map(({ outside }) => outside)).toFixed(1)} /s`,
      ratio: ratio.toFixed(2),
      bound: atLeast(least, ratio),
    },
    {
      what: `health while ${health.width} clients ask for ${slow.what}, p99 of ${each.length}; peer one run of that model`,
      ours: `${p99.toFixed(1)} ms`,
      peer: `${(alone / 1000).toFixed(1)} ms`,
      bound: atMost(health.mostMs, p99, ' ms'),
    },
  ];
}
