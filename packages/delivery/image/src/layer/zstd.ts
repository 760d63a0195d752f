import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { EnclosError } from '@enclos/errors';
import { limits } from '../limits.ts';
import { piped } from './piped.ts';
import { layerInvalid } from '../tar/path.ts';
import { createByteReader, type ByteReader } from './zstd-bytes.ts';

/** What this Node has for it: a function since 22.15, in no types of Node 20. */
export type CreateDecompressor = (options: { readonly chunkSize: number }) => Transform;

function ownDecompressor(): CreateDecompressor | null {
  const found: unknown = Reflect.get(zlib, 'createZstdDecompress');
  // By the documentation of Node 22.15.
  return typeof found === 'function' ? (found as CreateDecompressor) : null;
}

const frameMagic = 0xfd2f_b528;
/** The first of 16 magic numbers of frames that decoders skip: podman keeps its notes about a layer in one. */
const skippableMagic = 0x184d_2a50;

const notZstd = (): EnclosError => layerInvalid('is not zstd', '');

/**
 * Decompresses zstd (RFC 8878) as it comes, with the decoder of Node. That one stops after one frame and says nothing of what
 * follows, where engines go on: so frames are told apart here, and each is decompressed by itself. A window above 128 MiB is
 * refused by the decoder.
 * @param create null stands for a Node without one.
 * @throws OCI_COMPRESSION_UNSUPPORTED, OCI_LAYER_INVALID, OCI_TOO_LARGE
 */
export async function* decompressZstd(
  pieces: AsyncIterable<Uint8Array>,
  create: CreateDecompressor | null = ownDecompressor(),
): AsyncGenerator<Uint8Array> {
  if (create === null) throw new EnclosError('OCI_COMPRESSION_UNSUPPORTED');
  const reader = createByteReader(pieces, notZstd);
  try {
    for (let frames = 0; frames === 0 || !(await reader.isAtEnd()); frames += 1) {
      if (frames === limits.frames) {
        throw new EnclosError('OCI_TOO_LARGE', `A layer has more than ${limits.frames} frames of zstd.`, {
          details: { what: 'frames', maxBytes: limits.frames },
        });
      }
      const head = await reader.take(4);
      const magic = numberOf(head);
      if (magic === frameMagic) yield* piped(frameOf(head, reader), create({ chunkSize: 256 * 1024 }));
      else if ((magic & 0xffff_fff0) >>> 0 === skippableMagic) await reader.skip(numberOf(await reader.take(4)));
      else throw notZstd();
    }
  } finally {
    await reader.close();
  }
}

/** Exactly the bytes of one frame, after its magic number (section 3.1.1). */
async function* frameOf(head: Uint8Array, reader: ByteReader): AsyncGenerator<Uint8Array> {
  yield head;
  const descriptor = await reader.take(1);
  const [flags = 0] = descriptor;
  const isSingle = (flags & 0x20) !== 0;
  const contentSizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0;
  yield descriptor;
  yield await reader.take((isSingle ? 0 : 1) + dictionaryBytes + contentSizeBytes);
  for (let isLast = false; !isLast;) {
    const block = await reader.take(3);
    const header = numberOf(block);
    isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    yield block;
    // A run is one byte, whatever it becomes. The decoder refuses blocks above 128 KiB and those of type 3.
    yield await reader.take(type === 1 ? 1 : header >> 3);
  }
  if ((flags & 4) !== 0) yield await reader.take(4);
}

function numberOf(bytes: Uint8Array): number {
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}
