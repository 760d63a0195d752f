import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { durable } from '@enclos/durable';
import { runFolder } from '@enclos/testkit';

/**
 * An image that one run of the tests builds once, whichever of its processes needs it first; each gets bytes of its own.
 * @param what says what it is built from, besides the sources: two images with different bytes have different ones.
 */
export async function sharedImage(what: readonly unknown[], build: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const text = JSON.stringify(what, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  const path = join(runFolder('images'), createHash('sha256').update(text).digest('hex'));
  const known = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (known !== undefined) return new Uint8Array(known);
  const image = await build();
  // When two processes built it, both have the same bytes.
  await durable.add(path, image);
  return image;
}
