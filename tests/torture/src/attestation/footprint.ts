import { setTimeout as sleep } from 'node:timers/promises';
import { descriptorCount, residentMiB } from '@enclos/process-kit';
import { slope } from '../soak/samples.ts';
import type { Tally } from '../program.ts';
import type { LoadRun } from './run.ts';

/** Most that a series may grow over the time after the warm-up, by linear regression. */
const bounds = {
  platformMiB: 32,
  hostMiB: 32,
  /** It collects garbage when it likes, far below its heap size. */
  enclaveMiB: 64,
  platformDescriptors: 4,
  hostDescriptors: 6,
  enclaveDescriptors: 6,
} as const;
type Series = keyof typeof bounds;
/** Of the steady replica and the platform. */
export type Footprint = Readonly<Record<Series, number>> & { readonly seconds: number };

const sampleEveryMs = 2000;
/** What a collection of garbage takes. */
const collectionMs = 150;
/** Code is compiled, pools and caches are filled: a minute, or in short runs a part of them. */
const warmUpSeconds = 60;
const warmUpShare = 0.4;

/** Samples until the run is over; a line is printed every minute. */
export async function sampling(
  run: LoadRun,
  printMinute: (minute: number, sample: Footprint) => void,
): Promise<readonly Footprint[]> {
  const startedMs = performance.now();
  const samples: Footprint[] = [];
  for (let minute = 1; run.goesOn();) {
    await sleep(sampleEveryMs);
    const sample = await takeFootprint(run, (performance.now() - startedMs) / 1000);
    samples.push(sample);
    if (sample.seconds >= minute * 60) printMinute(minute++, sample);
  }
  return samples;
}

/** After a garbage collection of host and platform, which have `gc.preload`. */
async function takeFootprint({ site, fleet }: LoadRun, seconds: number): Promise<Footprint> {
  const { replica, enclave } = fleet.steady;
  const [platform, host] = [site.platform.processId, replica.processId];
  for (const processId of [platform, host]) process.kill(processId, 'SIGUSR2');
  await sleep(collectionMs);
  return {
    seconds,
    platformMiB: residentMiB(platform),
    hostMiB: residentMiB(host),
    enclaveMiB: residentMiB(enclave),
    platformDescriptors: descriptorCount(platform),
    hostDescriptors: descriptorCount(host),
    enclaveDescriptors: descriptorCount(enclave),
  };
}

/** Prints what became of memory and descriptors, and judges it. */
export function judgeFootprints(samples: readonly Footprint[], tally: Tally): void {
  const lastSeconds = samples.at(-1)?.seconds ?? 0;
  const warmUp = Math.min(warmUpSeconds, lastSeconds * warmUpShare);
  const warm = samples.filter(({ seconds }) => seconds >= warmUp);
  if (warm.length < 10) {
    tally.fail('too few samples of memory');
    return;
  }
  print(['series', 'first', 'last', 'most', 'growth', 'bound']);
  for (const [name, bound] of Object.entries(bounds) as [Series, number][]) {
    const values = warm.map((sample) => sample[name]);
    const perSecond = slope(warm.map((sample) => [sample.seconds, sample[name]] as const));
    const grown = perSecond * (lastSeconds - warmUp);
    print([name, values[0] ?? 0, values.at(-1) ?? 0, Math.max(...values), grown, bound]);
    if (grown <= bound) tally.pass();
    else tally.fail(`${name} grew by ${grown.toFixed(1)}, which is more than ${bound}`);
  }
}

function print([name, ...cells]: readonly (string | number)[]): void {
  const texts = cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell).padStart(10));
  process.stdout.write(`${String(name).padEnd(24)}${texts.join('')}\n`);
}
