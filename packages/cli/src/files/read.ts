import { parseJson, type JsonValue } from '@enclos/codec/json';
import { decodeUtf8, withoutByteOrderMark } from '@enclos/codec/text';
import { open, readdir, stat } from 'node:fs/promises';
import { unreadableReason } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';

/** @throws CLI_FILE_UNREADABLE naming the path; `cause` says why. */
export function unreadable(path: string, cause: unknown): EnclosError {
  const message = `Cannot read ${path}: ${unreadableReason(cause)}.`;
  return new EnclosError('CLI_FILE_UNREADABLE', message, { details: { path }, cause });
}

/**
 * Reads a file that should be small.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID when it is larger than `maxBytes`.
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) {
      throw new EnclosError('CLI_FILE_INVALID', `${path} is larger than ${maxBytes} bytes.`, { details: { path } });
    }
    return new Uint8Array(await handle.readFile());
  } catch (cause) {
    throw cause instanceof EnclosError ? cause : unreadable(path, cause);
  } finally {
    await handle.close();
  }
}

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID unless it is UTF-8. */
export async function readSmallText(path: string, maxBytes: number): Promise<string> {
  const bytes = await readSmallFile(path, maxBytes);
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
