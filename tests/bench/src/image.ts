import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, verifyImage, withImageSource, type BuiltImage } from '@enclos/image';
import { atMost, type Figure } from './harness/figures.ts';
import type { Scene } from './scene.ts';
import { median, time } from './harness/statistics.ts';

const megabyte = 1_000_000;
const bounds = { coldSeconds: 15, cachedSeconds: 5, baseMegabytes: 55 };

/** An image on the base `node`: without a cache, with one, and what verifying it takes. Absolute times, so the load stands beside them. */
export async function benchImage({ image, signature }: Scene): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-image-'));
  const layoutFolder = join(folder, 'image.oci');
  const build = (): Promise<BuiltImage> =>
    buildImage({
      application: { image, signature, host: new TextEncoder().encode('console.log(1)') },
      base: 'node',
      layoutFolder,
      cacheFolder: join(folder, 'cache'),
      tool: { name: 'bench', version: '0.0.0' },
    });
  try {
    const load = `load ${(loadavg()[0] ?? 0).toFixed(1)}`;
    const processorBefore = process.cpuUsage();
    const cold = (await time(build)) / 1000;
    const processor = process.cpuUsage(processorBefore).user / 1e6;
    const cached = median([await time(build), await time(build), await time(build)]) / 1000;
    const { architecture, layers } = await build();
    const verify = (): Promise<unknown> =>
      withImageSource(layoutFolder, (source) => verifyImage(source, { architecture }));
    const verified = median([await time(verify), await time(verify), await time(verify)]) / 1000;
    const baseSize = (layers[0]?.size ?? Number.NaN) / megabyte;
    const seconds = (value: number): string => `${value.toFixed(1)} s`;
    return [
      {
        what: `image: built without a cache (${seconds(processor)} of a processor; ${load})`,
        ours: seconds(cold),
        bound: atMost(bounds.coldSeconds, cold, ' s'),
      },
      {
        what: 'image: built with a cached base',
        ours: seconds(cached),
        bound: atMost(bounds.cachedSeconds, cached, ' s'),
      },
      { what: 'image: verified', ours: seconds(verified) },
      {
        what: 'image: base `node`, compressed',
        ours: `${baseSize.toFixed(1)} MB`,
        bound: atMost(bounds.baseMegabytes, baseSize, ' MB'),
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
