import { MAX_IMAGE_CHUNK_BYTES } from '@enclos/tee';
import type { FileShare, NativeFileIntake, NativeFiles } from '@enclos/isolation';
import { EnclosError } from '@enclos/errors';
import type { Admission } from '../admission.ts';

/** The uploads of files of companions by one host connection. */
export interface FileUploads {
  /** @returns 0 when the platform has the file. @throws PLATFORM_BUSY, PLATFORM_UPLOAD_REFUSED, PLATFORM_COMPANIONS_UNAVAILABLE */
  open(sha256: Uint8Array, sizeBytes: number): Promise<number>;
  /** Takes the next piece, and checks the file with its last. @throws PLATFORM_UPLOAD_REFUSED, LAUNCH_FILE_REFUSED, PLATFORM_STORAGE_FAILED */
  add(upload: number, chunk: Uint8Array): Promise<void>;
  /** Drops all unfinished uploads. */
  close(): void;
}

interface Upload {
  readonly intake: NativeFileIntake;
  readonly sizeBytes: number;
  receivedBytes: number;
  /** A piece is being written. */
  isBusy: boolean;
  timer: NodeJS.Timeout;
}

const maxOpenUploads = 4;
const maxFileBytes = 512 * 1024 * 1024;
const stallTimeoutMs = 60_000;

/** The announced size of a file counts as bytes of an image of the host while it is uploaded. */
export function createFileUploads(share: FileShare, admission: Admission, files: NativeFiles | undefined): FileUploads {
  const open = new Map<number, Upload>();
  let last = 0;
  let opening = 0;
  let isClosed = false;
  const drop = (id: number, upload: Upload): void => {
    clearTimeout(upload.timer);
    if (!open.delete(id)) return;
    admission.giveBytes(upload.sizeBytes);
    void upload.intake.discard();
  };
  return Object.freeze({
    async open(sha256: Uint8Array, sizeBytes: number) {
      if (files === undefined) throw new EnclosError('PLATFORM_COMPANIONS_UNAVAILABLE');
      if (await files.has(sha256)) return 0;
      if (sizeBytes === 0 || sizeBytes > maxFileBytes) throw refused(`A file has 1 to ${maxFileBytes} bytes.`);
      if (open.size + opening >= maxOpenUploads) throw refused(`More than ${maxOpenUploads} uploads are open.`);
      admission.takeBytes(sizeBytes);
      opening += 1;
      let intake: NativeFileIntake;
      try {
        intake = await files.receive(sha256, sizeBytes, share);
      } catch (error) {
        admission.giveBytes(sizeBytes);
        throw error;
      } finally {
        opening -= 1;
      }
      const id = ++last;
      const timer = setTimeout(() => drop(id, upload), stallTimeoutMs).unref();
      const upload: Upload = { intake, sizeBytes, receivedBytes: 0, isBusy: false, timer };
      open.set(id, upload);
      // The host has gone meanwhile.
      if (isClosed) drop(id, upload);
      return id;
    },
    async add(id: number, chunk: Uint8Array) {
      const upload = open.get(id);
      if (upload === undefined) throw refused('There is no such upload.');
      try {
        if (await takePiece(upload, chunk)) drop(id, upload);
      } catch (error) {
        drop(id, upload);
        throw error;
      }
      upload.timer.refresh();
    },
    close() {
      isClosed = true;
      for (const [id, upload] of open) drop(id, upload);
    },
  });
}

/** @returns whether the file is there */
async function takePiece(upload: Upload, chunk: Uint8Array): Promise<boolean> {
  const wanted = Math.min(MAX_IMAGE_CHUNK_BYTES, upload.sizeBytes - upload.receivedBytes);
  if (upload.isBusy || chunk.length !== wanted) throw refused('A piece of the file is not what its place asks for.');
  upload.isBusy = true;
  await upload.intake.add(chunk);
  upload.receivedBytes += chunk.length;
  const isWhole = upload.receivedBytes === upload.sizeBytes;
  if (isWhole) await upload.intake.finish();
  upload.isBusy = false;
  return isWhole;
}

function refused(reason: string): EnclosError {
  return new EnclosError('PLATFORM_UPLOAD_REFUSED', reason);
}
