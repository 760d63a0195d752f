import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnclosError } from '@enclos/errors';
import { parseQuickJsRecord, quickJsName } from './record.ts';

/** The interpreter that this installation has. */
export interface QuickJs {
  readonly path: string;
  readonly wasm: Uint8Array;
  /** Digest of the bytes, as hex. */
  readonly sha256: string;
  /** What built it. */
  readonly toolchain: string;
}

/**
 * Finds the interpreter, which `npm run build` makes where its tools are and which the tarball of this package carries.
 *
 * @param folder with it and the record beside it. Default: `native` beside a program of one file, and otherwise that of this package
 * @throws SCRIPT_ENGINE_INVALID when it was not built, or does not match the record beside it
 */
export function findQuickJs(folder: string = ownFolder()): QuickJs {
  const path = join(folder, quickJsName);
  const record = parseQuickJsRecord(read(`${path}.json`, path));
  const wasm = read(path, path);
  const sha256 = createHash('sha256').update(wasm).digest('hex');
  if (record === undefined || record.sha256 !== sha256) {
    throw new EnclosError('SCRIPT_ENGINE_INVALID', `The interpreter ${path} does not match the record beside it.`);
  }
  return Object.freeze({ path, wasm, sha256, toolchain: record.toolchain });
}

/** The modules of this package have no folder of that name beside them. */
function ownFolder(): string {
  const beside = fileURLToPath(new URL('./native', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../native', import.meta.url));
}

function read(file: string, path: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new EnclosError('SCRIPT_ENGINE_INVALID', `There is no interpreter of scripts at ${path}.`, { cause });
  }
}
