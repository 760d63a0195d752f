import { createHash, randomBytes } from 'node:crypto';
import { layOutImage, pinnedInterpreter } from '@enclos/manifest';
import { measureImage } from '@enclos/sgx/node';
import { manifestFields } from '@enclos/testkit';
import { atLeast, type Figure } from './figures.ts';
import { interleave, time } from './statistics.ts';

const smallestRatio = 0.75;

/** Measuring an image (strict parse and MRENCLAVE), against SHA-256 of the same bytes. */
export async function benchMeasure(): Promise<readonly Figure[]> {
  const image = layOutImage({
    manifest: manifestFields(pinnedInterpreter, { name: 'bench', heapSizeBytes: 64n * 1024n * 1024n }),
    bundle: new Uint8Array(randomBytes(8 * 1024 * 1024)),
    files: [],
  });
  const { ours, peer, ratio } = await interleave(
    31,
    async () => time(() => measureImage(image)),
    async () => time(() => createHash('sha256').update(image).digest()),
  );
  const megabytes = image.length / 1e6;
  const speed = (milliseconds: number): string => `${(megabytes / (milliseconds / 1000)).toFixed(0)} MB/s`;
  return [
    {
      what: `measuring a ${megabytes.toFixed(1)} MB image: strict parse and MRENCLAVE, against SHA-256 alone`,
      ours: speed(ours),
      peer: speed(peer),
      ratio: (1 / ratio).toFixed(2),
      bound: atLeast(smallestRatio, 1 / ratio),
    },
  ];
}
