import { EnclosError } from '@enclos/errors';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';
import { MAX_IMAGE_CHUNK_BYTES } from '@enclos/tee';
import { createImageIntake, type ImageIntake, type MeasuredImage } from '../cpu/measured-image.ts';
import type { Admission } from './admission.ts';

/** One image that is being uploaded. Memory is taken for bytes that arrive, so an announced size alone costs nothing. */
interface Upload {
  readonly sizeBytes: number;
  readonly intake: ImageIntake;
  /** Bytes taken from the admission. */
  takenBytes: number;
  timer: NodeJS.Timeout;
}

/** The uploads of one host connection. */
export interface Uploads {
  create(sizeBytes: number): number;
  /** Measures the next piece. @throws SGXS_INVALID as soon as the image cannot be one of the strict profile. */
  add(upload: number, chunk: Uint8Array): void;
  /** Takes the finished image out. Its bytes stay counted until the caller returns them. @throws SGXS_INVALID */
  take(upload: number): MeasuredImage;
  /** Drops all unfinished uploads. */
  close(): void;
}

const maxOpenUploads = 4;
/** How long an upload may stand still: it holds memory that other hosts wait for. */
const stallTimeoutMs = 60_000;

/** @throws (create, add, take) PLATFORM_UPLOAD_REFUSED; add also PLATFORM_BUSY, and add and take SGXS_INVALID */
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
    if (open.delete(id)) admission.giveBytes(upload.takenBytes);
  };
  return Object.freeze({
    create(sizeBytes: number) {
      if (sizeBytes === 0 || sizeBytes > MAX_IMAGE_BYTES) throw refused(`An image has 1 to ${MAX_IMAGE_BYTES} bytes.`);
      if (open.size >= maxOpenUploads) throw refused(`More than ${maxOpenUploads} uploads are open.`);
      const id = ++last;
      // First, because it may fail for lack of memory.
      const intake = createImageIntake(sizeBytes);
      const timer = setTimeout(() => drop(id, upload), timeoutMs).unref();
      const upload: Upload = { sizeBytes, intake, takenBytes: 0, timer };
      open.set(id, upload);
      return id;
    },
    add(id: number, chunk: Uint8Array) {
      const upload = find(id);
      try {
        checkPlace(upload, chunk);
        admission.takeBytes(chunk.length);
        upload.takenBytes += chunk.length;
        upload.intake.push(chunk);
      } catch (error) {
        drop(id, upload);
        throw error;
      }
      upload.timer.refresh();
    },
    take(id: number) {
      const upload = find(id);
      try {
        if (upload.intake.receivedBytes !== upload.sizeBytes) throw refused('The image is not complete.');
        const image = upload.intake.finish();
        open.delete(id);
        clearTimeout(upload.timer);
        return image;
      } catch (error) {
        drop(id, upload);
        throw error;
      }
    },
    close() {
      for (const [id, upload] of open) drop(id, upload);
    },
  });
}

/** Only the last piece may be short: many tiny ones would cost more memory than their bytes. */
function checkPlace(upload: Upload, chunk: Uint8Array): void {
  const wanted = Math.min(MAX_IMAGE_CHUNK_BYTES, upload.sizeBytes - upload.intake.receivedBytes);
  if (wanted === 0 || chunk.length !== wanted) {
    throw refused('A piece of the image has another size than its place asks for.');
  }
}

function refused(reason: string): EnclosError {
  return new EnclosError('PLATFORM_UPLOAD_REFUSED', reason);
}
