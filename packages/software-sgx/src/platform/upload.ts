import { EnclosError } from '@enclos/errors';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';
import { MAX_IMAGE_CHUNK_BYTES } from '@enclos/tee';
import type { Admission } from './admission.ts';

/** One image on its way in. The buffer grows with what arrives, so an announced size alone costs nothing. */
interface Upload {
  readonly sizeBytes: number;
  readonly chunks: Uint8Array[];
  received: number;
  timer: NodeJS.Timeout;
}

/** The uploads of one host connection. */
export interface Uploads {
  create(sizeBytes: number): number;
  add(upload: number, chunk: Uint8Array): void;
  /** Takes the finished image out. Its bytes stay counted until the caller gives them back. */
  take(upload: number): Uint8Array;
  /** Drops what is not finished. */
  close(): void;
}

const maxOpenUploads = 4;
/** How long an upload may stand still: it holds memory that other hosts wait for. */
const stallTimeoutMs = 60_000;

/** @throws (create, add, take) PLATFORM_UPLOAD_REFUSED; add also PLATFORM_BUSY */
export function createUploads(admission: Admission, timeoutMs = stallTimeoutMs): Uploads {
  const open = new Map<number, Upload>();
  let last = 0;
  const find = (id: number): Upload => {
    const upload = open.get(id);
    if (upload === undefined) throw refused('There is no such upload.');
    return upload;
  };
  const drop = (id: number, upload: Upload): void => {
    clearTimeout(upload.timer);
    if (open.delete(id)) admission.giveBytes(upload.received);
  };
  return Object.freeze({
    create(sizeBytes: number) {
      if (sizeBytes === 0 || sizeBytes > MAX_IMAGE_BYTES) throw refused(`An image has 1 to ${MAX_IMAGE_BYTES} bytes.`);
      if (open.size >= maxOpenUploads) throw refused(`More than ${maxOpenUploads} uploads are open.`);
      const id = ++last;
      const timer = setTimeout(() => drop(id, upload), timeoutMs).unref();
      const upload: Upload = { sizeBytes, chunks: [], received: 0, timer };
      open.set(id, upload);
      return id;
    },
    add(id: number, chunk: Uint8Array) {
      const upload = find(id);
      try {
        checkPlace(upload, chunk);
        admission.takeBytes(chunk.length);
      } catch (error) {
        drop(id, upload);
        throw error;
      }
      upload.chunks.push(chunk);
      upload.received += chunk.length;
      upload.timer.refresh();
    },
    take(id: number) {
      const upload = find(id);
      if (upload.received !== upload.sizeBytes) {
        drop(id, upload);
        throw refused('The image is not complete.');
      }
      open.delete(id);
      clearTimeout(upload.timer);
      return new Uint8Array(Buffer.concat(upload.chunks));
    },
    close() {
      for (const [id, upload] of open) drop(id, upload);
    },
  });
}

/** Only the last piece may be short: many tiny ones would cost more memory than their bytes. */
function checkPlace(upload: Upload, chunk: Uint8Array): void {
  const wanted = Math.min(MAX_IMAGE_CHUNK_BYTES, upload.sizeBytes - upload.received);
  if (wanted === 0 || chunk.length !== wanted) {
    throw refused('A piece of the image has another size than its place asks for.');
  }
}

function refused(reason: string): EnclosError {
  return new EnclosError('PLATFORM_UPLOAD_REFUSED', reason);
}
