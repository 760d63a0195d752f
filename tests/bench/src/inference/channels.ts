import { atMost, type Figure } from '../harness/figures.ts';
import { median } from '../harness/statistics.ts';
import { classifier, image } from './models.ts';
import type { InferenceClientProcess } from './servers.ts';
import type { WayName } from './ways.ts';

/** Many and short: a slower moment of the machine lasts for seconds, and has to meet all ways. */
const rounds = 27;
const warmUpRounds = 15;
const calls = { small: 100, large: 14 };

/** Milliseconds that a way may take longer than the one that it is held to. */
interface Added {
  readonly way: WayName;
  readonly against: WayName;
  readonly what: string;
  readonly most?: number;
}

const added: readonly Added[] = [
  { way: 'plain', against: 'others', what: 'the enclave in plaintext; peer outside, as many engines', most: 0.2 },
  { way: 'plain', against: 'own', what: 'the enclave in plaintext; peer outside, with the engine in the server' },
  { way: 'tls', against: 'plain', what: 'attested TLS; peer the enclave in plaintext', most: 0.1 },
  { way: 'oneShot', against: 'plain', what: 'one-shot HPKE; peer the enclave in plaintext', most: 0.4 },
  { way: 'hybrid', against: 'plain', what: 'one-shot X-Wing; peer the enclave in plaintext', most: 0.55 },
  { way: 'session', against: 'plain', what: 'a session; peer the enclave in plaintext', most: 0.2 },
  { way: 'oneShotReceipt', against: 'plainReceipt', what: 'one-shot HPKE with a receipt; peer in plaintext, with one' },
];

/**
 * What each way to the enclave takes longer than another, for one request after the other of 3 KB: medians of each round, all ways in turn, and
 * the median of their differences. Client, host, enclave and engines share the two cores.
 *
 * @param other in a Node without ML-KEM, whose X-Wing is that of a library
 */
export async function benchChannels(
  client: InferenceClientProcess,
  other: InferenceClientProcess,
): Promise<readonly Figure[]> {
  const ways = [...new Set(added.flatMap(({ way, against }) => [way, against]))];
  const small = await mediansOf(client, ways, classifier().model, calls.small);
  const old = await mediansOf(other, ['plain', 'oneShot', 'hybrid'], classifier().model, calls.small);
  const large = await mediansOf(client, ['plain', 'others'], image().model, calls.large);
  const megabytes = image().input.data.length / 1e6;
  const bytesMore = difference(large, { way: 'plain', against: 'others' });
  const most = 0.2 + 2.5 * megabytes;
  return [
    ...added.map((one) => figureOf(small, one, `3 KB: ${one.what}`)),
    ...(['oneShot', 'hybrid'] as const).map((way) =>
      figureOf(
        old,
        { way, against: 'plain', what: '' },
        `3 KB: ${way === 'hybrid' ? 'one-shot X-Wing, of a library' : 'one-shot HPKE'}, client on Node ${process.version.replace(/\..*$/, '')}; peer in plaintext`,
      ),
    ),
    {
      what: `0.6 MB: the enclave in plaintext; peer outside, as many engines; at most 0.2 ms and 2.5 ms/MB more`,
      ours: shown(median(large.get('plain') ?? [])),
      peer: shown(median(large.get('others') ?? [])),
      ratio: `${bytesMore.toFixed(2)} ms more`,
      bound: atMost(Number(most.toFixed(2)), bytesMore, ' ms more'),
    },
  ];
}

type Medians = ReadonlyMap<WayName, readonly number[]>;

/** Microseconds, by way and round. The rounds before compile the code of both ends. */
async function mediansOf(
  client: InferenceClientProcess,
  ways: readonly WayName[],
  model: string,
  each: number,
): Promise<Medians> {
  const found = new Map<WayName, number[]>(ways.map((way) => [way, []]));
  for (const way of ways) await client.number({ do: 'median', way, model, calls: warmUpRounds * each });
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) found.get(way)?.push(await client.number({ do: 'median', way, model, calls: each }));
  }
  return found;
}

/** The median of the differences within the rounds, in milliseconds. */
function difference(medians: Medians, { way, against }: Pick<Added, 'way' | 'against'>): number {
  const others = medians.get(against) ?? [];
  return median((medians.get(way) ?? []).map((micros, round) => (micros - (others[round] ?? Number.NaN)) / 1000));
}

function figureOf(medians: Medians, one: Added, what: string): Figure {
  const more = difference(medians, one);
  return {
    what,
    ours: shown(median(medians.get(one.way) ?? [])),
    peer: shown(median(medians.get(one.against) ?? [])),
    ratio: `${more.toFixed(2)} ms more`,
    ...(one.most === undefined ? {} : { bound: atMost(one.most, more, ' ms more') }),
  };
}

const shown = (micros: number): string => `${micros.toFixed(0)} µs`;
