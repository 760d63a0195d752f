import { createHash, randomBytes } from 'node:crypto';
import { layOutImage, pinnedInterpreter } from '@enclos/manifest';
import { measureImage } from '@enclos/sgx/node';
import { interleave, report, time } from './statistics.ts';

/** Measuring an image (strict parse and MRENCLAVE), against SHA-256 of the same bytes. */
export async function benchMeasure(): Promise<void> {
  const image = layOutImage({
    manifest: {
      name: 'bench',
      productId: 1,
      securityVersion: 1,
      debug: false,
      threads: 1,
      heapSizeBytes: 64n * 1024n * 1024n,
      interfaceDigest: new Uint8Array(32),
      interpreter: pinnedInterpreter,
      environment: [],
      trustedFiles: [],
      mounts: [],
      listen: [],
      connect: [],
      limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 1, maxPendingCalls: 1, maxDepth: 1 },
    },
    bundle: new Uint8Array(randomBytes(8 * 1024 * 1024)),
    files: [],
  });
  const { ours, peer, ratio } = await interleave(
    31,
    async () => time(() => measureImage(image)),
    async () => time(() => createHash('sha256').update(image).digest()),
  );
  const megabytes = image.length / 1e6;
  report(
    `measure: ${megabytes.toFixed(1)} MB image`,
    `${(megabytes / (ours / 1000)).toFixed(0)} MB/s`,
    `SHA-256 alone ${(megabytes / (peer / 1000)).toFixed(0)} MB/s, speed ratio ${(1 / ratio).toFixed(2)}`,
  );
}
