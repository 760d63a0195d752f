import { createReadStream } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { digestHex } from '../digest.ts';
import { documentInvalid, parseJson } from '../json.ts';
import { limits } from '../limits.ts';
import type { ImageSource } from './source.ts';

/** As much as a disk reads at once. */
export const readBytes = 1024 * 1024;

const missing = (path: string, cause?: unknown): EnclosError =>
  new EnclosError('OCI_LAYOUT_INVALID', `${path} is missing, so this is not a whole OCI layout.`, {
    details: { path },
    cause,
  });

async function readSmall(path: string): Promise<Uint8Array> {
  const found = await lstat(path).catch((cause: unknown) => {
    throw missing(path, cause);
  });
  if (!found.isFile()) throw missing(path);
  if (found.size > limits.documentBytes) {
    throw new EnclosError('OCI_TOO_LARGE', `${path} is larger than ${limits.documentBytes} bytes.`, {
      details: { what: path, maxBytes: limits.documentBytes },
    });
  }
  return new Uint8Array(await readFile(path));
}

/** A folder in the OCI image layout 1.0. @throws OCI_LAYOUT_INVALID, OCI_DOCUMENT_INVALID */
export async function openLayout(folder: string): Promise<ImageSource> {
  const mark = parseJson(await readSmall(join(folder, 'oci-layout')), 'oci-layout');
  const version: unknown =
    typeof mark === 'object' && mark !== null ? Reflect.get(mark, 'imageLayoutVersion') : undefined;
  if (version !== '1.0.0') throw documentInvalid('oci-layout', 'is not of version 1.0.0');
  return Object.freeze({
    index: () => readSmall(join(folder, 'index.json')),
    open: ({ digest }) => openBlob(join(folder, 'blobs/sha256', digestHex(digest))),
  } satisfies ImageSource);
}

async function* openBlob(path: string): AsyncGenerator<Uint8Array> {
  // A link in a folder from elsewhere may lead to any file of this machine.
  const found = await lstat(path).catch((cause: unknown) => {
    throw missing(path, cause);
  });
  if (!found.isFile()) throw missing(path);
  yield* createReadStream(path, { highWaterMark: readBytes }) as AsyncIterable<Uint8Array>;
}
