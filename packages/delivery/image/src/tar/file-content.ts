import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { EnclosError } from '@enclos/errors';
import type { Content } from './entry.ts';

const pieceBytes = 1024 * 1024;

/** A file of this machine. @throws BUILD_FILE_UNREADABLE */
export async function fileContent(path: string): Promise<Content> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new EnclosError('BUILD_FILE_UNREADABLE', `Cannot read ${path}.`, { details: { path }, cause });
  });
  if (!found.isFile()) throw new EnclosError('BUILD_FILE_UNREADABLE', `${path} is not a file.`, { details: { path } });
  return Object.freeze({
    sizeBytes: found.size,
    open: () => createReadStream(path, { highWaterMark: pieceBytes }) as AsyncIterable<Uint8Array>,
  });
}
