import { Turns } from '@enclos/bounded';
import type { Caller } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { MAX_IMAGE_CHUNK_BYTES } from './enclave-channel.ts';
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
