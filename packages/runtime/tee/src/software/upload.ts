import { Turns } from '@enclos/bounded';
import type { Caller } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { MAX_IMAGE_CHUNK_BYTES } from './enclave-channel.ts';
import type { LaunchFile } from '../launcher/launcher.ts';
import type { hostChannel } from './protocol.ts';

type Platform = Caller<(typeof hostChannel)['trusted']>;

/** Sends images to a platform. */
export interface Uploader {
  /**
   * Sends an image and gives its upload to `use`. An unused upload is returned to the platform.
   * @throws GATE_CANCELLED when `signal` aborts first, PLATFORM_UPLOAD_REFUSED, TEE_PLATFORM_LOST, and what `use` throws.
   */
  send<T>(image: Uint8Array, signal: AbortSignal | undefined, use: (upload: number) => Promise<T>): Promise<T>;
}

/** One image at a time: the platform keeps few unfinished uploads for one host, and each may be large. */
export function createUploader(platform: Platform): Uploader {
  const turns = new Turns();
  return Object.freeze({
    async send<T>(image: Uint8Array, signal: AbortSignal | undefined, use: (upload: number) => Promise<T>) {
      const upload = await turns.take(() => sendPieces(platform, image, signal));
      try {
        return await use(upload);
      } catch (error) {
        giveBack(platform, upload);
        throw error;
      }
    },
  });
}

/** The platform measures one while the next is on its way; it takes them in order. */
const maxPieces = 4;

/** The signal is checked between messages: a cancelled `create` would leave an upload whose number is not known. */
async function sendPieces(platform: Platform, image: Uint8Array, signal: AbortSignal | undefined): Promise<number> {
  throwIfAborted(signal);
  const upload = await platform.create({ imageBytes: image.length });
  try {
    const underWay: Promise<void>[] = [];
    for (let at = 0; at < image.length; at += MAX_IMAGE_CHUNK_BYTES) {
      if (underWay.length === maxPieces) await underWay.shift();
      throwIfAborted(signal);
      const sent = platform.add({ upload, chunk: image.subarray(at, at + MAX_IMAGE_CHUNK_BYTES) });
      // The first one that fails is told; those after it fail too.
      sent.catch(() => undefined);
      underWay.push(sent);
    }
    await Promise.all(underWay);
    return upload;
  } catch (error) {
    giveBack(platform, upload);
    throw error;
  }
}

/**
 * Gives the platform the files that it does not have, one after the other.
 * @throws GATE_CANCELLED, LAUNCH_FILE_REFUSED for another content, PLATFORM_BUSY, PLATFORM_UPLOAD_REFUSED, TEE_PLATFORM_LOST
 */
export async function sendFiles(
  platform: Platform,
  files: readonly LaunchFile[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const file of files) {
    const { path, sha256, sizeBytes } = file;
    throwIfAborted(signal);
    const upload = await platform.openFile({ sha256, sizeBytes });
    if (upload === 0) continue;
    try {
      let sentBytes = 0;
      for await (const piece of inPieces(file.open())) {
        throwIfAborted(signal);
        if (piece.length !== Math.min(MAX_IMAGE_CHUNK_BYTES, sizeBytes - sentBytes)) break;
        await platform.addToFile({ upload, chunk: piece });
        sentBytes += piece.length;
      }
      if (sentBytes === sizeBytes) continue;
      const message = `The file ${path} of a companion has another size than the manifest names (${sizeBytes} bytes).`;
      throw new EnclosError('LAUNCH_FILE_REFUSED', message, { details: { path } });
    } catch (error) {
      // As for an image: an empty piece gives the upload back.
      platform.addToFile({ upload, chunk: new Uint8Array() }).catch(() => undefined);
      throw error;
    }
  }
}

/** Pieces of the size that the platform takes, the last of which may be shorter. */
async function* inPieces(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(MAX_IMAGE_CHUNK_BYTES);
  let at = 0;
  for await (const bytes of content) {
    for (let from = 0; from < bytes.length;) {
      const count = Math.min(bytes.length - from, piece.length - at);
      piece.set(bytes.subarray(from, from + count), at);
      from += count;
      at += count;
      if (at < piece.length) continue;
      yield piece;
      piece = new Uint8Array(MAX_IMAGE_CHUNK_BYTES);
      at = 0;
    }
  }
  if (at > 0) yield piece.subarray(0, at);
}

/** An empty piece is never valid, and the platform drops an upload at the first invalid piece. */
function giveBack(platform: Platform, upload: number): void {
  platform.add({ upload, chunk: new Uint8Array() }).catch(() => undefined);
}

/** The same for an SGX image. */
export function giveBackSgx(platform: Platform, upload: number): void {
  platform.addSgx({ upload, chunk: new Uint8Array() }).catch(() => undefined);
}

/** @throws GATE_CANCELLED */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new EnclosError('GATE_CANCELLED', undefined, { cause: signal.reason });
}
