import { join } from 'node:path';
import { PROJECT_FILE } from '@enclos/build';
import { isJsonObject, parseJsonSource, type JsonValue } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { hasCode, readBoundedFile } from '@enclos/durable';

const longestBytes = 1024 * 1024;

/**
 * The program that the enclave.json of a folder names, before there is one: the build of the image reads the rest, and says what is wrong
 * with it.
 * @returns a path, or undefined when the folder has no enclave.json, or that names no program
 */
export async function projectProgram(folder: string): Promise<string | undefined> {
  const path = join(folder, PROJECT_FILE);
  const content = await readBoundedFile(path, longestBytes).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (content === undefined || 'unfit' in content) return undefined;
  const file = member(member(parseJsonSource(decodeUtf8(content.bytes)).value, 'program'), 'file');
  return typeof file === 'string' ? join(folder, file) : undefined;
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return value !== undefined && isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
