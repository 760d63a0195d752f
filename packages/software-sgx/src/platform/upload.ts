import { EnclosError } from '@enclos/errors';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';
import { MAX_IMAGE_CHUNK_BYTES } from '@enclos/tee';

/** One image on its way in. The buffer grows with what arrives, so an announced size alone costs nothing. */
interface Upload {
  readonly sizeBytes: number;
  readonly chunks: Uint8Array[];
  received: number;
}

/** The uploads of one host connection. */
export interface Uploads {
  create(sizeBytes: number): number;
  add(upload: number, chunk: Uint8Array): void;
  /** Takes the finished image out. */
  take(upload: number): Uint8Array;
}

const maxOpenUploads = 4;

/** @throws (all three) PLATFORM_UPLOAD_REFUSED */
export function createUploads(): Uploads {
  const open = new Map<number, Upload>();
  let last = 0;
  const find = (id: number): Upload => {
    const upload = open.get(id);
    if (upload === undefined) throw new EnclosError('PLATFORM_UPLOAD_REFUSED', 'There is no such upload.');
    return upload;
  };
  return Object.freeze({
    create(sizeBytes: number) {
      if (sizeBytes === 0 || sizeBytes > MAX_IMAGE_BYTES)
        throw new EnclosError('PLATFORM_UPLOAD_REFUSED', `An image has 1 to ${MAX_IMAGE_BYTES} bytes.`);
      if (open.size >= maxOpenUploads)
        throw new EnclosError('PLATFORM_UPLOAD_REFUSED', `More than ${maxOpenUploads} uploads are open.`);
      open.set(++last, { sizeBytes, chunks: [], received: 0 });
      return last;
    },
    add(id: number, chunk: Uint8Array) {
      const upload = find(id);
      // Only the last piece may be short: many tiny ones would cost more memory than their bytes.
      const wanted = Math.min(MAX_IMAGE_CHUNK_BYTES, upload.sizeBytes - upload.received);
      if (wanted === 0 || chunk.length !== wanted) {
        open.delete(id);
        throw new EnclosError(
          'PLATFORM_UPLOAD_REFUSED',
          'A piece of the image has another size than its place asks for.',
        );
      }
      upload.chunks.push(chunk);
      upload.received += chunk.length;
    },
    take(id: number) {
      const upload = find(id);
      open.delete(id);
      if (upload.received !== upload.sizeBytes)
        throw new EnclosError('PLATFORM_UPLOAD_REFUSED', 'The image is not complete.');
      return new Uint8Array(Buffer.concat(upload.chunks));
    },
  });
}
