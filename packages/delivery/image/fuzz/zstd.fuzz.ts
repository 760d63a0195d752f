import { PassThrough } from 'node:stream';
import { isEnclosError } from '@enclos/errors';
import { decompressZstd } from '../src/layer/zstd.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

export const seeds: readonly Uint8Array[] = [
  // "hello" as one raw block of a single segment, with a checksum's place, as a run, and behind a skippable frame.
  hex('28b52ffd200529000068656c6c6f'),
  hex('28b52ffd240529000068656c6c6f00000000'),
  hex('28b52ffd20052b000061'),
  hex('502a4d180300000001020328b52ffd200529000068656c6c6f'),
  hex('28b52ffd005829000068656c6c6f28b52ffd200529000068656c6c6f'),
  hex('28b52ffde305000000010203040500000000000000290000aaaaaaaaaa'),
];

async function* pieces(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data.subarray(0, 3);
  yield data.subarray(3);
}

/** How frames are told apart; in the place of the decoder of Node, which some versions do not have, all bytes come through. */
export async function fuzz(data: Uint8Array): Promise<void> {
  let seen = 0;
  try {
    for await (const piece of decompressZstd(pieces(data), () => new PassThrough())) seen += piece.length;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return;
  }
  if (seen > data.length || data.length === 0) throw new Error('More came out of the frames than they hold.');
}
