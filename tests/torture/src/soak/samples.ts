import { setTimeout as sleep } from 'node:timers/promises';
import { descriptorCount, residentMiB } from '@enclos/process-kit';
import { collectGarbage } from './collect-garbage.ts';

export interface Sample {
  readonly seconds: number;
  readonly hostMiB: number;
  readonly hostHeapMiB: number;
  /** Buffers outside the heap. */
  readonly hostExternalMiB: number;
  readonly hostDescriptors: number;
  readonly platformMiB: number;
  readonly platformDescriptors: number;
  readonly enclaveMiB: number;
  /** Which life of the enclave the sample is of. */
  readonly life: number;
}

export type Series = Exclude<keyof Sample, 'seconds' | 'life'>;

/** What a collection of garbage takes. One that takes longer shows in the next sample. */
const collectionMs = 100;

/** Measures after a garbage collection of the platform, which has `gc.preload`, and of this process, the host. */
export async function takeSample(
  seconds: number,
  of: { readonly platform: number; readonly enclave: number; readonly life: number },
): Promise<Sample> {
  process.kill(of.platform, 'SIGUSR2');
  await sleep(collectionMs);
  return readSample(seconds, of);
}

/** Measures after a garbage collection of this process. */
export function readSample(
  seconds: number,
  of: { readonly platform: number; readonly enclave: number; readonly life: number },
): Sample {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return {
    seconds,
    hostMiB: residentMiB(process.pid),
    hostHeapMiB: heapUsed / 2 ** 20,
    hostExternalMiB: external / 2 ** 20,
    hostDescriptors: descriptorCount(process.pid),
    platformMiB: residentMiB(of.platform),
    platformDescriptors: descriptorCount(of.platform),
    enclaveMiB: residentMiB(of.enclave),
    life: of.life,
  };
}

/** Slope of the line through the points that has the least squares, per second. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const count = points.length;
  if (count < 2) return 0;
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / count;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}

/** How much a series has grown over the time of the samples, by its slope. */
export function growth(samples: readonly Sample[], series: Series): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return 0;
  return slope(samples.map((sample) => [sample.seconds, sample[series]])) * (last.seconds - first.seconds);
}
