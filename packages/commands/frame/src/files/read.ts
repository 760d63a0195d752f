import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { parseJson, type JsonValue } from '@enclos/codec/json';
import { decodeUtf8, withoutByteOrderMark } from '@enclos/codec/text';
import { unreadableReason } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';

/** The largest file that may be a key. One of 3072 bits is below 3 KiB in PEM. */
export const maxKeyBytes = 64 * 1024;

/** @throws CLI_FILE_UNREADABLE naming the path; `cause` says why. */
export function unreadable(path: string, cause: unknown): EnclosError {
  const message = `Cannot read ${path}: ${unreadableReason(cause)}.`;
  return new EnclosError('CLI_FILE_UNREADABLE', message, { details: { path }, cause });
}

/** Reads so many bytes, or all when there are fewer. Into one buffer: a program may write a pipe byte by byte. */
export async function readUpTo(handle: FileHandle, wanted: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(wanted);
  let length = 0;
  while (length < wanted) {
    const { bytesRead } = await handle.read(bytes, length, wanted - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.slice(0, length);
}

/**
 * Reads a file that should be small. A pipe or a device has no size, and may have no end: no more of it is read than may be there.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID when it is larger than `maxBytes`.
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const { size } = await handle.stat();
    const bytes = size > maxBytes ? undefined : await readUpTo(handle, size > 0 ? size : maxBytes + 1);
    if (bytes === undefined || bytes.length > maxBytes) {
      throw new EnclosError('CLI_FILE_INVALID', `${path} is larger than ${maxBytes} bytes.`, { details: { path } });
    }
    return bytes;
  } catch (cause) {
    throw cause instanceof EnclosError ? cause : unreadable(path, cause);
  } finally {
    await handle.close();
  }
}

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID unless it is UTF-8. */
export async function readSmallText(path: string, maxBytes: number): Promise<string> {
  return textOf(path, await readSmallFile(path, maxBytes));
}

/** @throws CLI_FILE_INVALID unless what was read of the path is UTF-8. */
export function textOf(path: string, bytes: Uint8Array): string {
  try {
    return withoutByteOrderMark(decodeUtf8(bytes));
  } catch (cause) {
    throw new EnclosError('CLI_FILE_INVALID', `${path} is not UTF-8 text.`, { details: { path }, cause });
  }
}

/** More than any JSON file of ours comes to. */
const maximumValues = 262_144;

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID unless it is strict JSON. */
export async function readSmallJson(path: string, maxBytes: number): Promise<JsonValue> {
  const text = await readSmallText(path, maxBytes);
  try {
    return parseJson(text, maxBytes, { maxValues: maximumValues });
  } catch (cause) {
    throw new EnclosError('CLI_FILE_INVALID', `${path} is not JSON.`, { details: { path }, cause });
  }
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Names in a folder; undefined when there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
