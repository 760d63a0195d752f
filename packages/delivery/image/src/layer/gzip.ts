import { setImmediate } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { Gzip } from 'fflate';
import { piped } from './piped.ts';
import { layerInvalid } from '../tar/path.ts';

/** Names the bytes that {@link compress} makes of something: what keeps compressed layers puts it into its keys. */
export const compressor = 'fflate 0.8.3 level 4, in 1 MiB pieces';

/** A higher level takes a third longer and saves one percent of the interpreter. */
const level = 4;
/** The output depends on where the pieces end, so they end at fixed places. */
const pieceBytes = 1024 * 1024;

/**
 * Compresses, the same bytes everywhere: the zlib in Node gives other bytes in other versions and on other processors, this is
 * JavaScript and the version is pinned. No name and no time are in the header; its byte for the operating system says Unix.
 */
export async function* compress(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const gzip = new Gzip({ level, mtime: 0 }, (chunk) => ready.push(chunk));
  for await (const piece of equalPieces(pieces)) {
    gzip.push(piece);
    yield* ready.splice(0);
    // Signals and timers that wait meanwhile get a turn.
    await setImmediate();
  }
  gzip.push(new Uint8Array(), true);
  yield* ready.splice(0);
}

async function* equalPieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let buffer = new Uint8Array(pieceBytes);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + pieceBytes - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < pieceBytes) continue;
      yield buffer;
      buffer = new Uint8Array(pieceBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

/**
 * Decompresses as it comes, several members as one (RFC 1952 section 2.2). How much may come out is for the reader to say: it
 * stops reading. Rejects for what is not gzip, and with OCI_LAYER_INVALID when bytes follow the last member: the decoder takes
 * zeros there for padding and passes over all that comes after them, and other readers do not.
 */
export async function* decompress(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let givenBytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      givenBytes += piece.length;
      yield piece;
    }
  };
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  yield* piped(counted(), gunzip);
  // What the decoder has taken in: all that it was given, unless it stopped before the end.
  if (gunzip.bytesWritten !== givenBytes) throw layerInvalid('goes on after the end of its gzip');
}
